"""Cron: six fields, whole seconds, UTC.

The search goes field by field with carry, on bits: it never steps through seconds, minutes or days.
"""

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import MAXYEAR, UTC, datetime
from functools import lru_cache
from typing import Final, Self

from schedules.expressions.cadence import OverdueSpan, overdue_by_iteration
from schedules.expressions.fields import (
    DAY,
    HOUR,
    MINUTE,
    MONTH,
    SECOND,
    WEEKDAY,
    Field,
    lowest_from,
    parse_field,
)
from schedules.expressions.instants import in_utc
from schedules.expressions.invalid_expression import CRON_EXAMPLE, InvalidExpression, quoted

_BOUNDS: Final = (SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY)
_LAST_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_YEARS_SEARCHED = 5


@dataclass(frozen=True, slots=True)
class Cron:
    """A pattern of seconds, minutes, hours, days, months (1 = January) and weekdays (0 = Sunday).

    Day rule: where the day of month or the weekday contains a star both must match, otherwise either may.
    """

    second: Field
    minute: Field
    hour: Field
    day: Field
    month: Field
    weekday: Field
    _days: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_days", _days_of_month(self.day, self.weekday))

    @property
    def needs_both_days(self) -> bool:
        """Whether day of month and weekday must both match; otherwise either may."""
        return _needs_both(self.day, self.weekday)

    @property
    def ever_fires(self) -> bool:
        """Whether any month of any year has a matching day; false for the 30th of February."""
        return any(days & _up_to(_LAST_DAYS[month - 1]) for month in self.month.values for days in self._days)

    def next_after(self, t: datetime) -> datetime | None:
        """See `Cadence`; None when nothing matches in the years up to year(t) + 5."""
        start = in_utc(t)
        today = (start.year, start.month, start.day)
        day = self._day_from(*today)
        if day == today:
            time = self._time_from(start.hour, start.minute, start.second + 1)
            if time is not None:
                return datetime(*today, *time, tzinfo=UTC)
            day = self._day_from(start.year, start.month, start.day + 1)
        return None if day is None else datetime(*day, *self._first_time, tzinfo=UTC)

    def anchored_at(self, anchor: datetime) -> Self:
        """Itself: a pattern of clock times has no anchor."""
        in_utc(anchor)
        return self

    def overdue(self, first: datetime, now: datetime) -> OverdueSpan:
        """See `Cadence`. The work grows with the number of fire times between the two."""
        return overdue_by_iteration(self.next_after, first, now)

    @property
    def _first_time(self) -> tuple[int, int, int]:
        return self.hour.lowest, self.minute.lowest, self.second.lowest

    def _time_from(self, hour: int, minute: int, second: int) -> tuple[int, int, int] | None:
        """The first matching time of day at or after the given one; minute and second may be one too far."""
        if hour in self.hour:
            if minute in self.minute and (lowest := lowest_from(self.second.bits, second)) is not None:
                return hour, minute, lowest
            if (lowest := lowest_from(self.minute.bits, minute + 1)) is not None:
                return hour, lowest, self.second.lowest
        if (lowest := lowest_from(self.hour.bits, hour + 1)) is not None:
            return lowest, self.minute.lowest, self.second.lowest
        return None

    def _day_from(self, year: int, month: int, day: int) -> tuple[int, int, int] | None:
        """The first matching day at or after the given one, which may lie one past the end of its month."""
        if month in self.month and (first_day := self._day_in_month(year, month, day)) is not None:
            return year, month, first_day
        months = self.month.values
        for y in range(year, min(year + _YEARS_SEARCHED, MAXYEAR) + 1):
            for m in months:
                if (y > year or m > month) and (first_day := self._day_in_month(y, m, 1)) is not None:
                    return y, m, first_day
        return None

    def _day_in_month(self, year: int, month: int, day: int) -> int | None:
        first_weekday, last_day = monthrange(year, month)
        return lowest_from(self._days[first_weekday] & _up_to(last_day), day)


def _needs_both(day: Field, weekday: Field) -> bool:
    return day.has_star or weekday.has_star


@lru_cache(maxsize=1024)
def _days_of_month(day: Field, weekday: Field) -> tuple[int, ...]:
    """The matching days, as bits, of a month whose 1st is a Monday, of one whose 1st is a Tuesday, …"""
    # `first_weekday` counts from Monday, `weekday` from Sunday, days of the month from 1: the offsets cancel.
    by_weekday = (
        sum(1 << number for number in range(1, 32) if (first_weekday + number) % 7 in weekday)
        for first_weekday in range(7)
    )
    if _needs_both(day, weekday):
        return tuple(day.bits & days for days in by_weekday)
    return tuple(day.bits | days for days in by_weekday)


def _up_to(last_day: int) -> int:
    return (2 << last_day) - 1


@lru_cache(maxsize=2048)
def parse_cron(text: str) -> Cron:
    """The cadence of six fields separated by spaces or tabs; InvalidExpression if they break the grammar."""
    fields = [part for part in text.replace("\t", " ").split(" ") if part]
    if len(fields) != len(_BOUNDS):
        raise InvalidExpression(
            f"a cron expression has six fields (second, minute, hour, day of month, month, day of week), "
            f"{quoted(text)} has {len(fields)}",
            example=CRON_EXAMPLE,
        )
    cron = Cron(*(parse_field(part, bounds) for part, bounds in zip(fields, _BOUNDS, strict=True)))
    if not cron.ever_fires:
        raise InvalidExpression(f"{quoted(text)} never fires: no such day exists", example=CRON_EXAMPLE)
    return cron
