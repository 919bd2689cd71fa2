"""Read a JSON document that came from an agent, without trust.

A body is bounded in size before it gets here; this module bounds what its values may cost in memory, cuts out what
is not read where that is too much, and takes out what no database stores.
"""

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workers.runtimes.base import CallFailed
from workers.runtimes.http.charsets import text_of
from workers.runtimes.json_pruning import DEEPEST, TooCostly, cost_of, pruned
from workers.runtimes.redaction import quoted

FREE_BYTES, BLOAT = 8 * 1024 * 1024, 8
"""What the values of an answer may cost: this many bytes, or this many times its size if that is more."""

Redact = Callable[[str], str]
"""Makes an agent's words fit to be shown (`redaction.Redactor`)."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

_SUSPECT = re.compile(
    r"[\x00\ud800-\udfff]|\\u(?:0000|[dD][89a-fA-F])|NaN|Infinity|[0-9]{200}|[0-9][eE]\+?[0-9]{3}"
)
"""What a text must hold for its value to have something in it that is not stored: mostly it holds nothing such."""


@dataclass(frozen=True, slots=True)
class Reads:
    """What a runtime reads of a document.

    `members`: of the document itself; the rest is cut out when it is odd or too much. `answer`: the names of the
    arrays and objects inside them that hold the answer; when even those members are too much, the rest is cut out
    of them. `wrapper`: the member, beside those, that may hold the whole document (an event's, say).
    """

    members: frozenset[str]
    answer: frozenset[str] = frozenset()
    wrapper: str = ""

    def is_read(self, path: list[str], name: str) -> bool:
        """Whether the array or object of that name, below those on the path, is read."""
        way = self._within(path, name)
        return not way or way[0] in self.members

    def is_answer(self, path: list[str], name: str) -> bool:
        """Whether it is read and holds the answer."""
        way = self._within(path, name)
        return not way or (way[0] in self.members and self.answer.issuperset(way))

    def _within(self, path: list[str], name: str) -> list[str]:
        way = [*path, name]
        return way[1:] if self.wrapper and way[0] == self.wrapper else way


def document_of(
    body: bytes | bytearray, redact: Redact, content_type: str = "", reads: Reads | None = None
) -> dict[str, Any]:
    """The JSON object in an answer's body. Raises `CallFailed` (invalid_response, response_too_large).

    Of what is not read (`reads`), and of what is nested deeper than `DEEPEST`, nothing may be left; numbers that are
    none (NaN) are null. Final: the agent has done its work by then, and would answer the same again.
    """
    try:
        text = text_of(body, content_type)
        document = _parsed(text, reads)
        if _may_be_unstorable(text):
            document = _storable(document, DEEPEST)
    except TooCostly:
        raise CallFailed("response_too_large", "the agent's answer holds too many values") from None
    except (ValueError, RecursionError):
        kind = f" (content type {redact(quoted(content_type))})" if content_type else ""
        raise CallFailed("invalid_response", f"the agent's answer is not valid JSON{kind}") from None
    if not isinstance(document, dict):
        raise CallFailed("invalid_response", "the agent's answer is not a JSON object")
    return document


def error_in(body: bytes | bytearray, redact: Redact) -> str:
    """What an error body says of itself, as ": code: message"; empty where it says nothing."""
    try:
        document = document_of(body, redact)
    except CallFailed:
        return ""
    words = (document.get(name) for name in ("error", "detail", "message"))
    return next((reason for word in words if (reason := reason_in(word, redact))), "")


def reason_in(explanation: Any, redact: Redact) -> str:
    """`{"code", "message"}`, `{"reason"}` or a plain string, as ": a: b"."""
    if isinstance(explanation, str):
        return f": {redact(quoted(explanation))}" if explanation else ""
    if not isinstance(explanation, dict):
        return ""
    words = [explanation.get(key) for key in ("code", "reason", "message")]
    return "".join(f": {redact(quoted(word))}" for word in words if isinstance(word, str | int))


def _parsed(text: str, reads: Reads | None) -> Any:
    """The text's value; the better part of it where the whole is too much or too odd."""
    max_cost = max(FREE_BYTES, BLOAT * len(text))
    if cost_of(text) <= max_cost:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            pass  # too deep, a number without end, or no JSON at all: the next look tells
    try:
        return json.loads(pruned(text, reads.is_read if reads else _is_anything, max_cost))
    except TooCostly:
        if reads is None:
            raise
    return json.loads(pruned(text, reads.is_answer, max_cost))


def _is_anything(path: list[str], name: str) -> bool:
    return True


def _may_be_unstorable(text: str) -> bool:
    """False: nothing in the text's value is unstorable or too deep, so that nobody need walk through it."""
    return text.count("[") + text.count("{") > DEEPEST or _SUSPECT.search(text) is not None


def _storable(value: Any, levels: int) -> Any:
    """The value without NUL, lone surrogates and odd numbers, cut where it is too deep; changed in place."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, float) and not math.isfinite(value):
        return None  # Python's json takes NaN, and 1e999 as infinity
    if not isinstance(value, list | dict):
        return value
    if levels == 0:
        return None
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
