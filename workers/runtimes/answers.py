"""Read what an agent answered: a response document of the OpenResponses style, or an error body.

Nothing in here trusts the agent. A document is bounded in size before it gets here; this module bounds how
many values it may hold, how deep they nest, and takes out what no database stores.
"""

import json
import math
import re
from collections.abc import Callable
from typing import Any

from workers.runtimes.base import Answer, CallFailed
from workers.runtimes.redaction import quoted

DEEPEST = 100
"""Levels of nesting; more is nonsense, and too deep for whoever stores it."""

WEIGHTS = {b",": 60, b"[": 90, b"{": 230}
"""What a value costs in memory at least, in bytes, told by the character that announces it: a scalar, an array,
an object. `[[],[],…` takes fifty times its size."""

FREE_BYTES, BLOAT = 8 * 1024 * 1024, 8
"""What the values of an answer may cost: this many bytes, or this many times its size if that is more."""

PENDING = ("queued", "in_progress")
"""Statuses of an agent still at work (a tuple: what an agent writes there need not be hashable)."""

Redact = Callable[[str], str]
"""Makes an agent's words fit to be shown (`wording.Redactor`)."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:~-]{0,254}")
_TRACE_NAME = re.compile(r"[0-9A-Za-z-]{1,64}")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def document_of(body: bytes | bytearray, redact: Redact, content_type: str = "") -> dict[str, Any]:
    """The JSON object in an answer's body. Raises `CallFailed` (invalid_response, response_too_large).

    Final: the agent has done its work by then, and would answer the same again.
    """
    _refuse_crowds(body)
    try:
        document = _storable(json.loads(body.decode("utf-8-sig")), DEEPEST)
    except (ValueError, RecursionError):
        kind = f" (content type {redact(quoted(content_type))})" if content_type else ""
        raise CallFailed("invalid_response", f"the agent's answer is not valid JSON{kind}") from None
    if not isinstance(document, dict):
        raise CallFailed("invalid_response", "the agent's answer is not a JSON object")
    return document


def answer_of(document: dict[str, Any], redact: Redact) -> Answer:
    """The answer in a completed document. Raises `CallFailed` for every other status.

    `failed`, `cancelled` and `incomplete` are final: the agent did run, and said itself how it ended; running
    it again would repeat whatever it did on the way.
    """
    status = document.get("status")
    if status in ("failed", "cancelled"):
        raise CallFailed(
            "agent_failed", f"the agent reports {status}{_reason(document.get('error'), redact)}"
        )
    if status == "incomplete":
        details = document.get("incomplete_details")
        raise CallFailed("agent_incomplete", f"the agent stopped early{_reason(details, redact)}")
    if status != "completed":
        raise CallFailed("invalid_response", f"the answer has no known status: {redact(quoted(status))}")
    return _answer(document)


def error_in(body: bytes | bytearray, redact: Redact) -> str:
    """What an error body says of itself, as ": code: message"; empty where it says nothing."""
    try:
        return _reason(document_of(body, redact).get("error"), redact)
    except CallFailed:
        return ""


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


def _reason(said: Any, redact: Redact) -> str:
    """`{"code", "message"}`, `{"reason"}` or a plain string, as ": a: b"."""
    if isinstance(said, str):
        return f": {redact(quoted(said))}"
    if not isinstance(said, dict):
        return ""
    words = [said.get(key) for key in ("code", "reason", "message")]
    return "".join(f": {redact(quoted(word))}" for word in words if isinstance(word, str | int))


def _trace_name(value: Any) -> str | None:
    """A trace's or span's id: 32 and 16 hexadecimal digits as a rule, other tracers have their own forms."""
    return value if isinstance(value, str) and _TRACE_NAME.fullmatch(value) else None


def _storable(value: Any, levels: int) -> Any:
    """The value without NUL and lone surrogates, changed in place. Raises `ValueError` beyond the limits."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("not a number JSON has")  # Python's json takes NaN, and 1e999 as infinity
    if not isinstance(value, list | dict):
        return value
    if levels == 0:
        raise ValueError("nested too deeply")
    return (
        _storable_list(value, levels - 1) if isinstance(value, list) else _storable_object(value, levels - 1)
    )


def _storable_list(items: list[Any], levels: int) -> list[Any]:
    for index, item in enumerate(items):
        items[index] = _storable(item, levels)
    return items


def _storable_object(members: dict[str, Any], levels: int) -> dict[str, Any]:
    for key in list(members):
        value = _storable(members.pop(key), levels)
        members[_storable(key, levels)] = value
    return members


def _refuse_crowds(body: bytes | bytearray) -> None:
    cost = sum(weight * body.count(mark) for mark, weight in WEIGHTS.items())
    if cost > max(FREE_BYTES, BLOAT * len(body)):
        raise CallFailed("response_too_large", "the agent's answer holds too many values")
