"""JSON that a person writes into a text area, read as strictly as the API reads it."""

import json
import math
from collections.abc import Iterator
from typing import Any


class NotJson(ValueError):
    """The text is not JSON that every part of the service can keep; the message says why."""


def read(text: str) -> Any:
    """The value; NotJson also for what Python's parser lets pass: NaN, doubled names, characters no text may hold."""
    try:
        value = json.loads(
            text, parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_without_doubles
        )
    except json.JSONDecodeError as error:
        raise NotJson(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise NotJson("it is nested too deeply") from None
    except NotJson:
        raise
    except ValueError:
        raise NotJson("a number has too many digits") from None
    if any(not _is_storable(text) for text in _strings_in(value)):
        raise NotJson("it holds a character that no text may hold (NUL or half of a surrogate pair)")
    return value


def write(value: Any) -> str:
    """The value as a person reads it."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def _refuse_constant(name: str) -> None:
    raise NotJson(f"{name} is not a JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise NotJson(f"the number {digits[:20]} is too large")
    return number


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        raise NotJson(f"{next(name for name in names if names.count(name) > 1)!r} is there twice")
    return members


def _strings_in(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str(text):
                yield text
            case dict(members):
                yield from members
                waiting.extend(members.values())
            case list(items):
                waiting.extend(items)


def _is_storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
