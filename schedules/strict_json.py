"""The JSON the service takes in: what is accepted here every database can store and every client can read.

UTF-8 without a byte order mark, no NaN or Infinity, no NUL and no lone surrogate in any text, no name twice in one
object. Integers keep all their digits. How deep, how many names and how long a text: the settings. The API reads
its bodies with it and the console its payloads, so that neither stores what the other refuses.
"""

import json
from collections.abc import Iterable
from itertools import chain
from typing import Any, Never

from django.conf import settings

_SHOWN_CHARACTERS = 40


class NotStrictJson(ValueError):
    """What is wrong with the text, as the rest of a sentence that begins with what the text is ("The body …")."""


def read(body: bytes) -> Any:
    """The value of a whole document; NotStrictJson."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotStrictJson(f"is not UTF-8: wrong byte at {error.start}") from None
    value = parse(text)
    check(value)
    return value


def parse(text: str) -> Any:
    """The value of a JSON text, its bounds and texts not checked yet; NotStrictJson."""
    try:
        return json.loads(
            text, object_pairs_hook=_object, parse_constant=_refuse_constant, parse_float=_finite_float
        )
    except json.JSONDecodeError as error:
        raise NotStrictJson(
            f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from None
    except RecursionError:
        raise _too_deep() from None
    except NotStrictJson:
        raise
    except ValueError:  # int() stops at so many digits, to bound its work
        raise NotStrictJson("holds a number with too many digits") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        doubled = _first_doubled(name for name, _ in pairs)
        raise NotStrictJson(f"has an object with the name {doubled[:_SHOWN_CHARACTERS]!r} twice")
    return value


def _first_doubled(names: Iterable[str]) -> str:
    seen: set[str] = set()
    return next(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]


def _refuse_constant(name: str) -> Never:
    raise NotStrictJson(f"is not JSON: {name} is not a JSON number")


def _finite_float(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise NotStrictJson("holds a number that is too large")
    return value


def check(document: Any) -> None:
    """Bounds and texts of a whole document, without recursion; NotStrictJson."""
    max_depth, max_names = settings.ORQ.max_json_depth, settings.ORQ.max_json_names
    name_count = 0
    open_values = [(document, 1)]
    while open_values:
        value, depth = open_values.pop()
        if isinstance(value, str):
            _check_text(value)
        if not isinstance(value, dict | list):
            continue
        if depth > max_depth:
            raise _too_deep()
        if isinstance(value, dict):
            name_count += len(value)
            if name_count > max_names:
                raise NotStrictJson(f"has more than {max_names} names in its objects")
        children = chain(value, value.values()) if isinstance(value, dict) else value
        open_values.extend((child, depth + 1) for child in children)


def _check_text(text: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise NotStrictJson("has a text with half of a surrogate pair") from None
    if size > settings.ORQ.max_text_bytes:
        raise NotStrictJson(f"has a text of more than {settings.ORQ.max_text_bytes} bytes")
    if "\0" in text:
        raise NotStrictJson("has a text with the character U+0000 (NUL)")


def _too_deep() -> NotStrictJson:
    return NotStrictJson(f"is nested more than {settings.ORQ.max_json_depth} levels deep")
