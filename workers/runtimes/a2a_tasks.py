"""Read what an Agent2Agent server says of a task: of versions 1.0 and 0.3, and of the mixtures that are served.

https://a2a-protocol.org/latest/specification. 1.0 wraps what it sends (`{"task": …}`) and writes
TASK_STATE_COMPLETED, 0.3 tells by `kind` what it is and writes completed; a server in the field does one half of
each. So the words are taken as they come, whichever version was asked in.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from workers.runtimes.base import Answer, CallFailed
from workers.runtimes.documents import Reads, Redact
from workers.runtimes.redaction import quoted

PENDING = ("submitted", "working")

FAILURES = {
    "failed": ("agent_failed", "the agent reports failed"),
    "canceled": ("agent_failed", "the agent reports canceled"),
    "rejected": ("agent_refused", "the agent refused"),
    "input_required": ("agent_awaits_input", "the agent waits for an answer to its question"),
    "auth_required": ("agent_awaits_approval", "the agent waits for somebody to sign in"),
}
"""The reason and the words for each state that ends a run without success."""

READS = Reads(
    members=frozenset({"result", "error"}),
    answer=frozenset(
        {"result", "task", "message", "status", "artifacts", "history", "parts", "data", "error"}
    ),
)
"""What is read of a JSON-RPC answer."""

TEXT, DATA = "output_text", "data"

LONGEST_ID = 2000


@dataclass(frozen=True, slots=True)
class Task:
    """A task, or the message that answered without one (its state: completed)."""

    task_id: str | None
    state: str
    output: list[dict[str, Any]]
    """Messages in the form of the Responses API: one for each artifact, or the one that says how it ended."""
    words: str
    """What the agent says of its state."""

    @property
    def text(self) -> str:
        """The texts of the output, message by message."""
        texts = ("".join(_texts(message["content"])) for message in self.output)
        return "\n\n".join(text for text in texts if text)


def task_of(result: Any) -> Task | None:
    """The task in the result of a JSON-RPC answer, or the message in its place; None where it is neither."""
    if not isinstance(result, dict):
        return None
    if isinstance(inner := result.get("task", result.get("message")), dict):
        return task_of(inner)
    if isinstance(result.get("parts"), list):
        return Task(_name(result.get("messageId")), "completed", _messages([result]), "")
    if not isinstance(status := result.get("status"), dict):
        return None
    return _task(result, status)


def answer_of_task(task: Task, redact: Redact) -> Answer:
    """The answer of a task that has ended well.

    Raises `CallFailed` for every other end, with what the agent said: final, for it did run; and for a state that
    nobody knows.
    """
    answer = Answer(task.task_id, task.output, task.text, usage=None, trace_id=None, span_id=None)
    if task.state == "completed":
        return answer
    code, message = FAILURES.get(task.state, ("invalid_response", "the task has no known state"))
    words = f": {redact(quoted(task.words))}" if task.words else ""
    raise CallFailed(code, f"{message}{words}", response_id=task.task_id, answer=answer)


def _task(task: dict[str, Any], status: dict[str, Any]) -> Task:
    artifacts = _messages(task.get("artifacts"))
    status_message = _messages([status.get("message")])
    state = _state(status.get("state"))
    last = _last_of_agent(task.get("history")) if state == "completed" else []
    return Task(
        _name(task.get("id")),
        state,
        artifacts or status_message or last,
        _first_text(status_message or artifacts),
    )


def _state(value: Any) -> str:
    """A state as 1.0 or 0.3 write it, in words of ours; the empty text where it is none."""
    word = value if isinstance(value, str) else ""
    return word.lower().removeprefix("task_state_").replace("-", "_")


def _messages(sources: Any) -> list[dict[str, Any]]:
    """Artifacts or messages as messages of the Responses API; those without any part are left out."""
    contents = [_content(source.get("parts")) for source in _objects(sources)]
    return [{"type": "message", "role": "assistant", "content": content} for content in contents if content]


def _content(parts: Any) -> list[dict[str, Any]]:
    """Texts as `output_text`; data and files as they come."""
    return [
        {"type": TEXT, "text": part["text"]}
        if isinstance(part.get("text"), str)
        else {**part, "type": _kind(part)}
        for part in _objects(parts)
    ]


def _kind(part: dict[str, Any]) -> str:
    return DATA if "data" in part else "file"


def _last_of_agent(history: Any) -> list[dict[str, Any]]:
    """What the agent said last: there are servers that keep the answer nowhere else."""
    agent_messages = [
        message for message in _objects(history) if str(message.get("role")).lower().endswith("agent")
    ]
    return _messages(agent_messages[-1:])


def _first_text(messages: list[dict[str, Any]]) -> str:
    """The first message's text, or what its data say: a question can be put as data."""
    content = messages[0]["content"] if messages else []
    return "".join(_texts(content)) or " ".join(_values(content))


def _texts(content: list[dict[str, Any]]) -> Iterator[str]:
    return (part["text"] for part in content if part["type"] == TEXT)


def _values(content: list[dict[str, Any]]) -> Iterator[str]:
    for part in content:
        data = part.get("data")
        yield from (
            (value for value in data.values() if isinstance(value, str)) if isinstance(data, dict) else ()
        )


def _name(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST_ID else None


def _objects(values: Any) -> Iterator[dict[str, Any]]:
    return (value for value in values if isinstance(value, dict)) if isinstance(values, list) else iter(())
