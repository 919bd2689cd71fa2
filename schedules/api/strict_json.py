"""Strict JSON within bounds: what is accepted here can be stored by every database and read by every client.

UTF-8 without a byte order mark, no NaN or Infinity, no NUL and no lone surrogate in any text, no name twice in one
object. Integers keep all their digits. How deep, how many names and how long a text: the settings.
"""

import json
from itertools import chain
from typing import Any, Never

from django.conf import settings

from schedules.errors import InvalidRequest


def read(body: bytes) -> Any:
    """The value of a JSON text; InvalidRequest saying what is wrong with it."""
    value = _parse(_decode(body))
    _check(value)
    return value


def _decode(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"The body is not UTF-8: wrong byte at {error.start}") from None


def _parse(text: str) -> Any:
    try:
        return json.loads(
            text, object_pairs_hook=_object, parse_constant=_refuse_constant, parse_float=_finite_float
        )
    except json.JSONDecodeError as error:
        raise InvalidRequest(f"The body is not JSON: {error}") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:  # int() stops at so many digits, to bound its work
        raise InvalidRequest("The body holds a number of too many digits") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise InvalidRequest("The body has an object with one name twice: it is not clear which is meant")
    return value


def _refuse_constant(name: str) -> Never:
    raise InvalidRequest(f"The body is not JSON: {name} is no JSON number")


def _finite_float(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise InvalidRequest("The body holds a number that is too large")
    return value


def _check(document: Any) -> None:
    """Bounds and texts, without recursion."""
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
                raise InvalidRequest(f"The body has more than {max_names} names in its objects")
        children = chain(value, value.values()) if isinstance(value, dict) else value
        open_values.extend((child, depth + 1) for child in children)


def _check_text(text: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise InvalidRequest("The body has a text with half of a surrogate pair") from None
    if size > settings.ORQ.max_text_bytes:
        raise InvalidRequest(f"The body has a text of more than {settings.ORQ.max_text_bytes} bytes")
    if "\0" in text:
        raise InvalidRequest("The body has a text with the character U+0000")


def _too_deep() -> InvalidRequest:
    return InvalidRequest(f"The body is nested more than {settings.ORQ.max_json_depth} levels deep")
