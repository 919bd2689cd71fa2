"""The items of a cron field as other programs write them: ranges over the end, 7 for Sunday, whole names."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from schedules.expressions.fields import WEEKDAY, Bounds

_ITEM: Final = re.compile(
    r"(?P<low>\*|[a-z]+|[0-9]{1,2})(?:-(?P<high>[a-z]+|[0-9]{1,2}))?(?:/(?P<step>[0-9]{1,2}))?"
)
_NAMES: Final = (
    *("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"),
    *("january", "february", "march", "april", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_SHORTEST_PREFIX = 3

ValueOf = Callable[[str], int | None]


def crontab_value(bounds: Bounds) -> ValueOf:
    """What a number or name stands for in crontab: 0 and 7 are Sunday; names may be written out."""
    highest = bounds.highest + (bounds is WEEKDAY)

    def value_of(word: str) -> int | None:
        value = int(word) if word.isdigit() else bounds.named(_short(word))
        return value if value is not None and bounds.lowest <= value <= highest else None

    return value_of


def quartz_weekday(word: str) -> int | None:
    """What a number or name stands for in Quartz and EventBridge: 1 is Sunday; our number of it."""
    if word.isdigit():
        return int(word) - 1 if 1 <= int(word) <= 7 else None
    return WEEKDAY.named(_short(word))


def values_of(item: str, bounds: Bounds, value_of: ValueOf) -> list[int] | None:
    """The values of an item in its own order, a range over the end in two parts; None if it is no item."""
    parts = _ITEM.fullmatch(item.lower())
    if parts is None or parts["step"] == "0" * len(parts["step"] or "-"):
        return None
    is_star = parts["low"] == "*"
    low = bounds.lowest if is_star else value_of(parts["low"])
    is_open = is_star or (parts["high"] is None and parts["step"] is not None)
    high = bounds.highest if is_open else value_of(parts["high"] or parts["low"])
    if low is None or high is None:
        return None
    return _unrolled(low, high, int(parts["step"] or "1"), bounds)


def _unrolled(low: int, high: int, step: int, bounds: Bounds) -> list[int]:
    size = bounds.highest - bounds.lowest + 1
    end = high if high >= low else high + size
    in_order = ((value - bounds.lowest) % size + bounds.lowest for value in range(low, end + 1, step))
    return list(dict.fromkeys(in_order))


def spelled(values: Iterable[int], bounds: Bounds, *, by_name: bool) -> str:
    """The values as a list in our grammar: `fri-sat,sun-mon`."""

    def word(value: int) -> str:
        return bounds.names[value - bounds.lowest] if by_name and bounds.names else str(value)

    return ",".join(word(a) if a == b else f"{word(a)}-{word(b)}" for a, b in _runs(values))


def _runs(values: Iterable[int]) -> Iterator[tuple[int, int]]:
    """First and last of the stretches without a gap."""
    runs: list[tuple[int, int]] = []
    for value in values:
        if runs and value == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], value)
        else:
            runs.append((value, value))
    return iter(runs)


def _short(word: str) -> str:
    """The three letters of a name that is written out, or cut at another place (`tues`, `sept`)."""
    is_name = len(word) > _SHORTEST_PREFIX and any(name.startswith(word) for name in _NAMES)
    return word[:_SHORTEST_PREFIX] if is_name else word
