"""An agent on the a2a-sdk, for its environment only: `a2a_program.py PORT [--also-0.3]`.

It does what the message's first line says, and writes down each message that reached the agent (`GET /_received`):

    say TEXT       a message with TEXT, no task            echo TEXT      a task, TEXT as its artifact
    status TEXT    a task without artifact; TEXT is the message of its completed state
    parts          a task with two artifacts, one of them of two text parts and a data part
    work SECONDS   a task at work for so long, then done   ask · sign-in  input_required · auth_required
    reject · fail  the state of that name                  crash          an exception inside the agent

Anything else is `echo`ed.
"""

import asyncio
import sys
from typing import Any

import uvicorn
from a2a.helpers import new_data_part, new_task_from_user_message, new_text_message, new_text_part
from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.events import EventQueue
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import AgentCapabilities, AgentCard, AgentInterface, AgentSkill, Role
from google.protobuf.json_format import MessageToDict
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

RECEIVED: list[dict[str, Any]] = []


class Agent(AgentExecutor):
    """Does what it is told."""

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        """One message, or a task up to its final or interrupted state."""
        RECEIVED.append(MessageToDict(context.message))
        order, _, rest = context.get_user_input().partition(" ")
        if order == "crash":
            raise RuntimeError("the agent crashed")
        if order == "say":
            said = new_text_message(rest, context_id=context.context_id, role=Role.ROLE_AGENT)
            return await event_queue.enqueue_event(said)
        await event_queue.enqueue_event(new_task_from_user_message(context.message))
        task = TaskUpdater(event_queue, context.task_id, context.context_id)
        await task.start_work()
        act = ACTS.get(order)
        return await (act(task, rest) if act else _echo(task, context.get_user_input()))

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        """Whatever it is at."""
        await TaskUpdater(event_queue, context.task_id, context.context_id).cancel()


def _message(task: TaskUpdater, text: str) -> Any:
    return task.new_agent_message([new_text_part(text)])


async def _echo(task: TaskUpdater, text: str) -> None:
    await task.add_artifact([new_text_part(text)], name="answer")
    await task.complete()


async def _status(task: TaskUpdater, text: str) -> None:
    await task.complete(_message(task, text))


async def _parts(task: TaskUpdater, _: str) -> None:
    await task.add_artifact([new_text_part("first"), new_text_part("second"), new_data_part({"sum": 3})])
    await task.add_artifact([new_text_part("third")])
    await task.complete(_message(task, "all done"))


async def _work(task: TaskUpdater, seconds: str) -> None:
    await asyncio.sleep(float(seconds))
    await _echo(task, f"worked {seconds}")


async def _ask(task: TaskUpdater, _: str) -> None:
    await task.requires_input(_message(task, "Which region?"))


async def _sign_in(task: TaskUpdater, _: str) -> None:
    await task.requires_auth(_message(task, "Sign in first."))


async def _reject(task: TaskUpdater, _: str) -> None:
    await task.reject(_message(task, "I do not do that."))


async def _fail(task: TaskUpdater, _: str) -> None:
    await task.failed(_message(task, "The tool broke."))


ACTS = {
    "echo": _echo,
    "status": _status,
    "parts": _parts,
    "work": _work,
    "ask": _ask,
    "sign-in": _sign_in,
    "reject": _reject,
    "fail": _fail,
}


def _card(url: str) -> AgentCard:
    return AgentCard(
        name="echo",
        description="Does what it is told.",
        version="1.0.0",
        supported_interfaces=[AgentInterface(url=url, protocol_binding="JSONRPC", protocol_version="1.0")],
        capabilities=AgentCapabilities(streaming=True),
        default_input_modes=["text/plain"],
        default_output_modes=["text/plain"],
        skills=[AgentSkill(id="echo", name="echo", description="Echoes.", tags=["test"])],
    )


async def _received(_: Request) -> JSONResponse:
    return JSONResponse(RECEIVED)


def main(port: int, *, is_also_0_3: bool) -> None:
    """Serve until killed."""
    card = _card(f"http://127.0.0.1:{port}/")
    handler = DefaultRequestHandler(agent_executor=Agent(), task_store=InMemoryTaskStore(), agent_card=card)
    routes = [
        *create_agent_card_routes(card),
        *create_jsonrpc_routes(handler, rpc_url="/", enable_v0_3_compat=is_also_0_3),
        Route("/_received", _received),
    ]
    uvicorn.run(Starlette(routes=routes), host="127.0.0.1", port=port)


if __name__ == "__main__":
    main(int(sys.argv[1]), is_also_0_3="--also-0.3" in sys.argv)
