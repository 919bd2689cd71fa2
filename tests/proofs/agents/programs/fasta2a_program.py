"""An agent on FastA2A (Pydantic AI's A2A server), for its environment only: `fasta2a_program.py PORT`.

FastA2A answers a message with a submitted task at once, whatever is asked for: its answers are always polled.
The agent heeds `work SECONDS`, `ask`, `reject` and `crash`; anything else it answers `heard: <text>`.
"""

import asyncio
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from fasta2a import FastA2A, Worker
from fasta2a.broker import InMemoryBroker
from fasta2a.schema import Artifact, Message, TaskIdParams, TaskSendParams
from fasta2a.storage import InMemoryStorage

STATES = {"ask": "input-required", "reject": "rejected"}


@dataclass
class Agent(Worker[Any]):
    """Does what it is told, several things at once."""

    async def run_task(self, params: TaskSendParams) -> None:
        """One task up to its end."""
        order, _, rest = _text(params["message"]).partition(" ")
        await self.storage.update_task(params["id"], state="working")
        if order == "crash":
            raise RuntimeError("the agent crashed")
        if order == "work":
            await asyncio.sleep(float(rest))
        if (await self.storage.load_task(params["id"]))["status"]["state"] == "canceled":
            return None
        if order in STATES:
            return await self._end(params["id"], STATES[order])
        return await self._end(params["id"], "completed", f"heard: {_text(params['message'])}")

    async def _end(self, task_id: str, state: Any, result: str | None = None) -> None:
        artifacts = self.build_artifacts(result) if result else []
        await self.storage.update_task(task_id, state=state, new_artifacts=artifacts)

    async def cancel_task(self, params: TaskIdParams) -> None:
        """Write it down; the work itself is short."""
        await self.storage.update_task(params["id"], state="canceled")

    def build_message_history(self, history: list[Message]) -> list[Any]:
        """This agent has no memory."""
        return []

    def build_artifacts(self, result: Any) -> list[Artifact]:
        """The text as one artifact."""
        return [Artifact(artifact_id=str(uuid.uuid4()), name="answer", parts=[{"text": result}])]


def _text(message: Message) -> str:
    return "\n".join(part["text"] for part in message["parts"] if "text" in part)


def main(port: int) -> None:
    """Serve until killed."""
    storage: Any = InMemoryStorage()
    broker = InMemoryBroker()
    agent = Agent(broker=broker, storage=storage)

    @asynccontextmanager
    async def lifespan(app: FastA2A) -> AsyncIterator[None]:
        async with app.task_manager, agent.run(), agent.run(), agent.run(), agent.run():
            yield

    app = FastA2A(storage=storage, broker=broker, url=f"http://127.0.0.1:{port}", lifespan=lifespan)
    uvicorn.run(app, host="127.0.0.1", port=port)


if __name__ == "__main__":
    main(int(sys.argv[1]))
