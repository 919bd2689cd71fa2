"""Read a JSON document that came from an agent, without trust.

A body is bounded in size before it gets here; this module bounds how many values it may hold, how deep they nest,
and takes out what no database stores.
"""

import json
import math
import re
from collections.abc import Callable
from typing import Any

from workers.runtimes.base import CallFailed
from workers.runtimes.redaction import quoted

DEEPEST = 100
"""Levels of nesting; more is nonsense, and too deep for whoever stores it."""

WEIGHTS = {b",": 60, b"[": 90, b"{": 230}
"""What a value costs in memory at least, in bytes, told by the character that announces it: a scalar, an array,
an object. `[[],[],…` takes fifty times its size."""

FREE_BYTES, BLOAT = 8 * 1024 * 1024, 8
"""What the values of an answer may cost: this many bytes, or this many times its size if that is more."""

Redact = Callable[[str], str]
"""Makes an agent's words fit to be shown (`redaction.Redactor`)."""

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


def error_in(body: bytes | bytearray, redact: Redact) -> str:
    """What an error body says of itself, as ": code: message"; empty where it says nothing."""
    try:
        return reason_in(document_of(body, redact).get("error"), redact)
    except CallFailed:
        return ""


def reason_in(explanation: Any, redact: Redact) -> str:
    """`{"code", "message"}`, `{"reason"}` or a plain string, as ": a: b"."""
    if isinstance(explanation, str):
        return f": {redact(quoted(explanation))}"
    if not isinstance(explanation, dict):
        return ""
    words = [explanation.get(key) for key in ("code", "reason", "message")]
    return "".join(f": {redact(quoted(word))}" for word in words if isinstance(word, str | int))


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
