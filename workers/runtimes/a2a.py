"""The runtime that calls an agent over Agent2Agent's JSON-RPC: version 1.0, or 0.3 as a dialect.

https://a2a-protocol.org/latest/specification. One message starts a task; a task that is not done is asked for until
it is, and cancelled when the call is given up. The input's texts go out as the parts of one message of the user; what
a conversation's other speakers said has no place in it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workers.runtimes.a2a_tasks import PENDING, READS, Task, answer_of_task, task_of
from workers.runtimes.base import AgentCall, Answer, CallAborted, CallFailed, Endpoint, Needs, PayloadRefused
from workers.runtimes.documents import Redact, document_of, reason_in
from workers.runtimes.filling import filled_input, refuse_secrets_in_input, sendable
from workers.runtimes.http.call import Reply
from workers.runtimes.input_items import messages_of, refuse_images
from workers.runtimes.line import AgentLine, NotFound, agent_line
from workers.runtimes.polling import poll

TASK_NOT_FOUND, UNKNOWN_METHOD, UNKNOWN_VERSION, INTERNAL_ERROR = -32001, -32601, -32009, -32603


@dataclass(frozen=True, slots=True)
class Dialect:
    """One version's names for the same things."""

    send: str
    get: str
    cancel: str
    role: str
    headers: Mapping[str, str]
    kinds: bool
    """Whether parts and messages say what they are."""

    def message(self, call: AgentCall, texts: list[str]) -> dict[str, Any]:
        """The message of the user; what is empty is left out."""
        kind, part = ({"kind": "message"}, {"kind": "text"}) if self.kinds else ({}, {})
        message = {
            "messageId": call.idempotency_key or call.run_id,
            "role": self.role,
            "parts": [{**part, "text": text} for text in texts],
            "contextId": call.memory_entity_id,
            "metadata": call.metadata,
        }
        return kind | {name: value for name, value in message.items() if value}

    def configuration(self, *, background: bool) -> dict[str, Any]:
        """Whether the answer shall come at once or when the task is done."""
        return {"blocking": not background} if self.kinds else {"returnImmediately": background}


DIALECTS = {
    "a2a-1.0": Dialect(
        "SendMessage", "GetTask", "CancelTask", "ROLE_USER", {"A2A-Version": "1.0"}, kinds=False
    ),
    "a2a-0.3": Dialect("message/send", "tasks/get", "tasks/cancel", "user", {}, kinds=True),
}


class A2aRuntime:
    """Calls `POST {base_url}{path}` with JSON-RPC and follows the task to its end."""

    name = "a2a"
    needs = Needs("Agent2Agent (A2A)", has_address=True, dialects=tuple(DIALECTS))

    def check(self, payload: Mapping[str, Any], dialect: str) -> None:
        """Refuse an input that is not made of the user's texts, and one that names a secret."""
        texts_of(payload.get("input"), payload.get("variables") or {})

    def call(self, call: AgentCall, endpoint: Endpoint, should_abort: Callable[[], bool]) -> Answer:
        """One attempt: one message, and the task that it started until it has ended."""
        dialect = _dialect(endpoint.dialect or self.needs.dialect_for(endpoint.path))
        with sendable():
            texts = texts_of(call.input, call.variables)
        with agent_line(call, endpoint, should_abort) as line:
            conversation = _Conversation(line, dialect)
            task = conversation.handed_over() or conversation.finished(conversation.start(texts))
            return answer_of_task(task, line.redact)


def _dialect(name: str) -> Dialect:
    if name not in DIALECTS:
        raise CallFailed("invalid_endpoint", f"the agent's dialect is none of {', '.join(DIALECTS)}")
    return DIALECTS[name]


def texts_of(value: Any, variables: Mapping[str, Any]) -> list[str]:
    """The texts of an input, in their order. Raises `PayloadRefused` for what is not a text of the user."""
    refuse_secrets_in_input(value, variables)
    messages = messages_of(filled_input(value, variables))
    refuse_images(messages)
    if any(message.role != "user" for message in messages):
        raise PayloadRefused(
            "payload.input may only have messages of the user for this agent", "payload.input"
        )
    return [str(part) for message in messages for part in message.parts]


@dataclass(frozen=True, slots=True)
class _Conversation:
    """One task's requests and answers, over JSON-RPC."""

    line: AgentLine
    dialect: Dialect

    def start(self, texts: list[str]) -> Task:
        """Send the message."""
        endpoint = self.line.endpoint
        configuration = self.dialect.configuration(background=endpoint.background)
        params = {
            **endpoint.extra_body,
            "message": self.dialect.message(self.line.call, texts),
            "configuration": {**(endpoint.extra_body.get("configuration") or {}), **configuration},
        }
        return self._task(
            self.line.post(self._path, _request(self.dialect.send, params), self.dialect.headers)
        )

    def handed_over(self) -> Task | None:
        """What became of the task that an attempt before left running; None: there is none that the agent knows."""
        task_id = self.line.call.response_id
        try:
            return self.finished(Task(task_id, PENDING[-1], [], "")) if task_id else None
        except NotFound:
            return None

    def finished(self, task: Task) -> Task:
        """The task once the agent is done with it; cancelled when it is not waited for any longer."""
        if not _is_pending(task):
            return task
        if task.task_id is None:
            raise CallFailed("invalid_response", "the agent is still at work but gave no id to ask for")
        params = {"id": task.task_id}
        question = _request(self.dialect.get, {**params, "historyLength": 1})
        try:
            return poll(self.line, lambda: self._asked(question), _is_pending)
        except (CallFailed, CallAborted) as failure:
            failure.response_id = task.task_id
            # Whatever ended the call: unless it is handed over, sending the message again starts another task.
            if not (isinstance(failure, CallAborted) and self.line.call.is_handed_over()):
                self.line.cancel(self._path, _request(self.dialect.cancel, params), self.dialect.headers)
            raise

    @property
    def _path(self) -> str:
        return "" if self.line.endpoint.path == "/" else self.line.endpoint.path

    def _asked(self, question: dict[str, Any]) -> Task:
        return self._task(self.line.ask(self._path, question, self.dialect.headers))

    def _task(self, reply: Reply) -> Task:
        document = document_of(reply.body, self.line.redact, reply.content_type, READS)
        if error := document.get("error"):
            raise _refused(error, self.dialect, self.line.redact)
        task = task_of(document.get("result"))
        if task is None:
            raise CallFailed(
                "invalid_response", "the agent's answer is no JSON-RPC answer with a task or a message"
            )
        return task


def _is_pending(task: Task) -> bool:
    return task.state in PENDING


def _request(method: str, params: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": "1", "method": method, "params": params}


def _refused(error: Any, dialect: Dialect, redact: Redact) -> CallFailed:
    """What a JSON-RPC error means. An internal error may pass; the others would come again."""
    code, reason = error.get("code") if isinstance(error, dict) else None, reason_in(error, redact)
    if code in (UNKNOWN_METHOD, UNKNOWN_VERSION):
        others = " or ".join(name for name, other in DIALECTS.items() if other is not dialect)
        advice = f"; an agent of another version needs the dialect {others}"
        return CallFailed("invalid_endpoint", f"the agent does not speak this version of A2A{reason}{advice}")
    failure = NotFound if code == TASK_NOT_FOUND else CallFailed
    return failure("agent_failed", f"the agent reports an error{reason}", is_retryable=code == INTERNAL_ERROR)
