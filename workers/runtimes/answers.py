"""Read what an agent answered in a response document of the OpenResponses style. Nothing in here trusts the agent."""

import re
from collections.abc import Iterator
from typing import Any

from workers.runtimes.base import Answer, CallFailed
from workers.runtimes.documents import Reads, Redact, reason_in
from workers.runtimes.redaction import quoted
from workers.runtimes.told_errors import is_passing, is_told

PENDING = ("queued", "in_progress")
"""Statuses of an agent still at work (a tuple: what an agent writes there need not be hashable)."""

READS = Reads(
    members=frozenset(
        {"id", "status", "output", "usage", "error", "incomplete_details", "telemetry", "model"}
        | {"object", "choices", "jsonrpc", "type", "message"}  # they tell what else it is
    ),
    answer=frozenset({"output", "content", "summary", "error", "incomplete_details", "telemetry", "usage"}),
    wrapper="response",
)
"""What is read of a response document, or of an event that holds one."""

LONGEST_ID = 2000

TOOL_CALLS = frozenset(
    {
        "function_call",
        "custom_tool_call",
        "computer_call",
        "local_shell_call",
        "shell_call",
        "apply_patch_call",
    }
)
"""Items that wait for whoever called the agent; it has run the other tools itself."""

_TRACE_NAME = re.compile(r"[0-9A-Za-z-]{1,64}")
_LONGEST_MODEL = 255

NO_RESPONSE = "the answer is no response document"
PLAIN_SERVICE = "it looks like that of a plain web service (runtime webhook)"


def answer_of(document: dict[str, Any], redact: Redact) -> Answer:
    """The answer in a completed document. Raises `CallFailed` for every other one.

    `failed`, `cancelled` and `incomplete` are final: the agent did run, and said itself how it ended; running it
    again would repeat whatever it did on the way. Passing are only errors of its server and its rate limits. So is
    `completed` final with a refusal and nothing else (agent_refused), or when all there is waits for somebody
    (agent_awaits_tool, agent_awaits_approval); what came is kept with the failure.
    """
    status = _status_of(document)
    if status is None and (api := _other_api(document)):
        raise CallFailed("invalid_response", f"{NO_RESPONSE}; it looks like {api}")
    if status in ("failed", "cancelled"):
        raise _failed(document, f"the agent reports {status}", redact)
    if is_told(document.get("error")):
        raise _failed(document, "the agent reports an error", redact)
    if status == "incomplete":
        details = document.get("incomplete_details")
        raise CallFailed("agent_incomplete", f"the agent stopped early{reason_in(details, redact)}")
    if status != "completed":
        raise CallFailed("invalid_response", _unknown(status, redact))
    answer = _answer(document)
    if not answer.output_text:
        _require_success(answer, redact)
    return answer


def response_id_of(document: dict[str, Any]) -> str | None:
    """The agent's name for its response: any string of up to 2,000 characters."""
    response_id = document.get("id")
    return response_id if isinstance(response_id, str) and 0 < len(response_id) <= LONGEST_ID else None


def is_pending(document: dict[str, Any]) -> bool:
    """Whether the agent is still at work."""
    return document.get("status") in PENDING


def _status_of(document: dict[str, Any]) -> Any:
    """Some servers leave the status of what is completed away."""
    status = document.get("status")
    return "completed" if status is None and "output" in document else status


def _failed(document: dict[str, Any], message: str, redact: Redact) -> CallFailed:
    error = document.get("error")
    return CallFailed("agent_failed", f"{message}{reason_in(error, redact)}", is_retryable=is_passing(error))


def _other_api(document: dict[str, Any]) -> str:
    """Whose answer it looks like."""
    if "choices" in document:
        return "a chat completion (runtime chat)"
    return "JSON-RPC, as Agent2Agent speaks it (runtime a2a)" if "jsonrpc" in document else ""


def _unknown(status: Any, redact: Redact) -> str:
    if status is None:
        return f"{NO_RESPONSE}; {PLAIN_SERVICE}"
    return f"the answer has no known status: {redact(quoted(status))}"


def _answer(document: dict[str, Any]) -> Answer:
    output, usage, telemetry = document.get("output", []), document.get("usage"), document.get("telemetry")
    spans = telemetry if isinstance(telemetry, dict) else {}
    model = document.get("model")
    return Answer(
        response_id=response_id_of(document),
        output=output,
        output_text=_text_of(output, "output_text", "text"),
        usage=usage if isinstance(usage, dict) else None,
        trace_id=_trace_name(spans.get("trace_id")),
        span_id=_trace_name(spans.get("span_id")),
        model=model if isinstance(model, str) and 0 < len(model) <= _LONGEST_MODEL else None,
    )


def _require_success(answer: Answer, redact: Redact) -> None:
    """Raise `CallFailed` when an answer without text is a refusal, or waits for somebody."""
    if refusal := _text_of(answer.output, "refusal", "refusal"):
        kept = _with_text(answer, refusal)
        raise CallFailed("agent_refused", f"the agent refused: {redact(quoted(refusal))}", answer=kept)
    items = _objects(answer.output)
    if any(_is_unanswered(item, "mcp_approval_request", items) for item in items):
        raise CallFailed("agent_awaits_approval", "the agent waits for an approval", answer=answer)
    if any(_is_unanswered(item, kind, items) for kind in TOOL_CALLS for item in items):
        raise CallFailed("agent_awaits_tool", "the agent waits for the result of a tool", answer=answer)


def _with_text(answer: Answer, text: str) -> Answer:
    return Answer(
        answer.response_id,
        answer.output,
        text,
        usage=answer.usage,
        trace_id=answer.trace_id,
        span_id=answer.span_id,
        model=answer.model,
    )


def _is_unanswered(item: dict[str, Any], kind: str, items: list[dict[str, Any]]) -> bool:
    """Whether it is of that kind and no item answers it: some agents report a tool's result beside its call."""
    if item.get("type") != kind:
        return False
    name, others = item.get("call_id", item.get("id")), (other for other in items if other is not item)
    return all(other.get("call_id", other.get("approval_request_id")) != name for other in others)


def _text_of(output: Any, kind: str, member: str) -> str:
    """The texts of all messages' parts of one kind, the messages apart by a blank line."""
    if isinstance(output, str):
        return output if kind == "output_text" else ""
    texts = (
        "".join(_parts(item, kind, member)) for item in _objects(output) if item.get("type") == "message"
    )
    return "\n\n".join(text for text in texts if text)


def _parts(item: dict[str, Any], kind: str, member: str) -> Iterator[str]:
    content = item.get("content")
    if isinstance(content, str):
        yield content if kind == "output_text" else ""
    for part in _objects(content):
        if part.get("type") == kind and isinstance(part.get(member), str):
            yield part[member]


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _trace_name(value: Any) -> str | None:
    """A trace's or span's id: 32 and 16 hexadecimal digits as a rule, other tracers have their own forms."""
    return value if isinstance(value, str) and _TRACE_NAME.fullmatch(value) else None
