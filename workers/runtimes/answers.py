"""Read what an agent answered in a response document of the OpenResponses style. Nothing in here trusts the agent."""

import re
from typing import Any

from workers.runtimes.base import Answer, CallFailed
from workers.runtimes.documents import Redact, reason_in
from workers.runtimes.redaction import quoted

PENDING = ("queued", "in_progress")
"""Statuses of an agent still at work (a tuple: what an agent writes there need not be hashable)."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:~-]{0,254}")
_TRACE_NAME = re.compile(r"[0-9A-Za-z-]{1,64}")


def answer_of(document: dict[str, Any], redact: Redact) -> Answer:
    """The answer in a completed document. Raises `CallFailed` for every other status.

    `failed`, `cancelled` and `incomplete` are final: the agent did run, and said itself how it ended; running
    it again would repeat whatever it did on the way.
    """
    status = document.get("status")
    if status in ("failed", "cancelled"):
        raise CallFailed(
            "agent_failed", f"the agent reports {status}{reason_in(document.get('error'), redact)}"
        )
    if status == "incomplete":
        details = document.get("incomplete_details")
        raise CallFailed("agent_incomplete", f"the agent stopped early{reason_in(details, redact)}")
    if status != "completed":
        raise CallFailed("invalid_response", f"the answer has no known status: {redact(quoted(status))}")
    return _answer(document)


def response_id_of(document: dict[str, Any]) -> str | None:
    """The agent's name for its response, where it is one that can stand in a path."""
    response_id = document.get("id")
    return response_id if isinstance(response_id, str) and _ID.fullmatch(response_id) else None


def _answer(document: dict[str, Any]) -> Answer:
    output, usage, telemetry = document.get("output", []), document.get("usage"), document.get("telemetry")
    spans = telemetry if isinstance(telemetry, dict) else {}
    return Answer(
        response_id=response_id_of(document),
        output=output,
        output_text=_text_of(output),
        usage=usage if isinstance(usage, dict) else None,
        trace_id=_trace_name(spans.get("trace_id")),
        span_id=_trace_name(spans.get("span_id")),
    )


def _text_of(output: Any) -> str:
    """All `output_text` parts of all messages, put together as the public clients do."""
    if isinstance(output, str):
        return output
    items = output if isinstance(output, list) else []
    return "".join(_item_text(item) for item in items if isinstance(item, dict))


def _item_text(item: dict[str, Any]) -> str:
    content = item.get("content")
    if item.get("type") != "message" or not isinstance(content, list):
        return content if item.get("type") == "message" and isinstance(content, str) else ""
    parts = [part for part in content if isinstance(part, dict) and part.get("type") == "output_text"]
    return "".join(part["text"] for part in parts if isinstance(part.get("text"), str))


def _trace_name(value: Any) -> str | None:
    """A trace's or span's id: 32 and 16 hexadecimal digits as a rule, other tracers have their own forms."""
    return value if isinstance(value, str) and _TRACE_NAME.fullmatch(value) else None
