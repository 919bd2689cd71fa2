"""One field of a cron expression: its grammar, and the values it matches as bits.

Grammar (contract, "Expressions"): a comma list of `*`, `?`, `v`, `v-v`, each optionally `/step`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from schedules.expressions.invalid_expression import CRON_EXAMPLE, InvalidExpression, quoted

_ITEM: Final = re.compile(r"(?P<low>[^-/]+)(?:-(?P<high>[^-/]+))?(?:/(?P<step>[^-/]+))?")
_NUMBER: Final = re.compile(r"\+?[0-9]+")
_STARS: Final = frozenset("*?")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Which values a field may have, and the names some of them go by."""

    name: str
    lowest: int
    highest: int
    names: tuple[str, ...] = ()

    @property
    def all_bits(self) -> int:
        """The bits of a field that matches every value."""
        return _bits(range(self.lowest, self.highest + 1))

    def named(self, name: str) -> int | None:
        """The value of a three-letter name, in any case."""
        lower = name.lower()
        return self.lowest + self.names.index(lower) if lower in self.names else None


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

SECOND: Final = Bounds("second", 0, 59)
MINUTE: Final = Bounds("minute", 0, 59)
HOUR: Final = Bounds("hour", 0, 23)
DAY: Final = Bounds("day of month", 1, 31)
MONTH: Final = Bounds("month", 1, 12, _MONTHS)
WEEKDAY: Final = Bounds("day of week", 0, 6, _WEEKDAYS)
BOUNDS: Final = (SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY)
"""Of the six fields, in their order."""


@dataclass(frozen=True, slots=True)
class Field:
    """The values a field matches (bit n stands for the value n), and whether it contains a star.

    A star is `*` or `?` with step 1, also inside a list; it decides the day rule. `1-31` is not a star.
    """

    bits: int
    has_star: bool = False

    @property
    def values(self) -> tuple[int, ...]:
        """The matching values, ascending."""
        return tuple(value for value in range(self.bits.bit_length()) if self.bits >> value & 1)

    @property
    def lowest(self) -> int:
        """The lowest matching value."""
        return (self.bits & -self.bits).bit_length() - 1

    @property
    def highest(self) -> int:
        """The highest matching value."""
        return self.bits.bit_length() - 1

    @property
    def count(self) -> int:
        """How many values match."""
        return self.bits.bit_count()

    def __contains__(self, value: int) -> bool:
        return bool(self.bits >> value & 1)


def lowest_from(bits: int, value: int) -> int | None:
    """The lowest bit that is set at or above `value`."""
    rest = bits >> value
    return value + (rest & -rest).bit_length() - 1 if rest else None


def highest_through(bits: int, value: int) -> int | None:
    """The highest bit that is set at or below `value`, which may be -1."""
    rest = bits & ((2 << value) - 1) if value >= 0 else 0
    return rest.bit_length() - 1 if rest else None


@lru_cache(maxsize=4096)
def parse_field(text: str, bounds: Bounds) -> Field:
    """The values of one field, empty list items ignored; InvalidExpression if it breaks the grammar."""
    items = [_parse_item(item, bounds) for item in text.split(",") if item]
    if not items:
        raise _refused(text, bounds, "it is empty")
    bits = 0
    for item in items:
        bits |= item.bits
    return Field(bits, has_star=any(item.has_star for item in items))


def _parse_item(item: str, bounds: Bounds) -> Field:
    parts = _ITEM.fullmatch(item)
    if parts is None:
        raise _refused(item, bounds, "it is neither a star, a value, a range nor one of these with a step")
    step = 1 if parts["step"] is None else _parse_step(parts["step"], item, bounds)
    low, high = _parse_range(parts, item, bounds)
    return Field(_bits(range(low, high + 1, step)), has_star=parts["low"] in _STARS and step == 1)


def _parse_range(parts: re.Match[str], item: str, bounds: Bounds) -> tuple[int, int]:
    # The end of a range that begins with a star is read but does not count: `*-3` means `*`.
    is_single = parts["high"] is None
    end = bounds.highest if is_single else _parse_value(parts["high"], item, bounds)
    if parts["low"] in _STARS:
        return bounds.lowest, bounds.highest
    low = _parse_value(parts["low"], item, bounds)
    if is_single and parts["step"] is None:
        return low, low
    if low > end:
        raise _refused(item, bounds, "the range runs backwards")
    return low, end


def _parse_value(text: str, item: str, bounds: Bounds) -> int:
    value = bounds.named(text)
    if value is None:
        value = _parse_number(text, item, bounds)
    if not bounds.lowest <= value <= bounds.highest:
        raise _refused(item, bounds, f"values run from {bounds.lowest} to {bounds.highest}")
    return value


def _parse_step(text: str, item: str, bounds: Bounds) -> int:
    step = _parse_number(text, item, bounds)
    if step < 1:
        raise _refused(item, bounds, "a step is at least 1")
    return step


def _parse_number(text: str, item: str, bounds: Bounds) -> int:
    if _NUMBER.fullmatch(text) is None:
        names = f" or a name ({', '.join(bounds.names)})" if bounds.names else ""
        raise _refused(item, bounds, f"{quoted(text)} is not a number{names}")
    return int(text)


def _refused(text: str, bounds: Bounds, why: str) -> InvalidExpression:
    return InvalidExpression(f"the {bounds.name} field cannot be {quoted(text)}: {why}", example=CRON_EXAMPLE)


def _bits(values: range) -> int:
    return sum(1 << value for value in values)
