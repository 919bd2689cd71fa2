"""Cron: six fields, whole seconds, UTC.

The search goes field by field with carry, on bits: it never steps through seconds, minutes or days. What has come due
between two moments is counted, not walked.
"""

from array import array
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final, Self

from schedules.expressions.cadence import OverdueSpan, overdue_by_iteration, require_order
from schedules.expressions.clock_times import ClockTimes
from schedules.expressions.days import Days
from schedules.expressions.fields import BOUNDS, Field, parse_field
from schedules.expressions.instants import in_utc, to_microseconds
from schedules.expressions.invalid_expression import CRON_EXAMPLE, InvalidExpression, quoted

_DAY: Final = 86_400_000_000
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal() * _DAY


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
    _days: Days = field(init=False, repr=False, compare=False)
    _times: ClockTimes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_days", Days(_days_of_month(self.day, self.weekday), self.month))
        object.__setattr__(self, "_times", ClockTimes(self.hour, self.minute, self.second))

    @property
    def needs_both_days(self) -> bool:
        """Whether day of month and weekday must both match; otherwise either may."""
        return _needs_both(self.day, self.weekday)

    @property
    def ever_fires(self) -> bool:
        """Whether any month of any year has a matching day; false for the 30th of February."""
        return self._days.ever_come

    def next_after(self, t: datetime) -> datetime | None:
        """See `Cadence`; None when nothing matches in the years up to year(t) + 5."""
        start = in_utc(t)
        today = (start.year, start.month, start.day)
        day = self._days.first_from(*today)
        if day == today:
            time = self._times.first_from(start.hour, start.minute, start.second + 1)
            if time is not None:
                return datetime(*today, *time, tzinfo=UTC)
            day = self._days.first_from(start.year, start.month, start.day + 1)
        return None if day is None else datetime(*day, *self._times.first, tzinfo=UTC)

    def all_between(self, after: datetime, until: datetime) -> "array[int]":
        """See `Cadence`; day by day."""
        first, last = to_microseconds(after), to_microseconds(until)
        start, times = in_utc(after), self._times.microseconds
        instants: array[int] = array("q")
        day = self._days.first_from(start.year, start.month, start.day)
        while day is not None and (midnight := date(*day).toordinal() * _DAY - _EPOCH_DAY) <= last:
            instants.extend([midnight + time for time in times])
            day = self._days.first_from(day[0], day[1], day[2] + 1)
        return instants[bisect_right(instants, first) : bisect_right(instants, last)]

    def anchored_at(self, anchor: datetime) -> Self:
        """Itself: a pattern of clock times has no anchor."""
        in_utc(anchor)
        return self

    def overdue(self, first: datetime, now: datetime) -> OverdueSpan:
        """See `Cadence`; the same work for any span, however many fire times lie in it."""
        if (
            self._days.are_leap_days_only
        ):  # before 2100 and the like `next_after` ends, and so does the sequence
            return overdue_by_iteration(self.next_after, first, now)
        require_order(first, now)
        begin, end = in_utc(first), in_utc(now)
        newest = self._last_through(end)
        if newest is None or newest <= begin:
            return OverdueSpan(newest=first, missed_count=0, last_missed=None)
        before = self._last_through(newest - datetime.resolution)
        missed_count = self._count_through(newest) - self._count_through(begin)
        last_missed = first if before is None or before < begin else before
        return OverdueSpan(newest, missed_count, last_missed)

    def _last_through(self, t: datetime) -> datetime | None:
        """The last fire time at or before `t`."""
        today = (t.year, t.month, t.day)
        if today in self._days:
            time = self._times.last_through(t.hour, t.minute, t.second)
            if time is not None:
                return datetime(*today, *time, tzinfo=UTC)
        day = self._days.last_through(t.year, t.month, t.day - 1)
        return None if day is None else datetime(*day, *self._times.last, tzinfo=UTC)

    def _count_through(self, t: datetime) -> int:
        """How many fire times there are from year 1 to `t`, included."""
        today = (t.year, t.month, t.day)
        count = self._days.count_before(*today) * self._times.count
        if today in self._days:
            count += self._times.count_through(t.hour, t.minute, t.second)
        return count


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


@lru_cache(maxsize=2048)
def parse_cron(text: str) -> Cron:
    """The cadence of six fields separated by spaces or tabs; InvalidExpression if they break the grammar."""
    fields = [part for part in text.replace("\t", " ").split(" ") if part]
    if len(fields) != len(BOUNDS):
        raise InvalidExpression(
            f"a cron expression has six fields (second, minute, hour, day of month, month, day of week), "
            f"{quoted(text)} has {len(fields)}",
            example=CRON_EXAMPLE,
        )
    cron = Cron(*(parse_field(part, bounds) for part, bounds in zip(fields, BOUNDS, strict=True)))
    if not cron.ever_fires:
        raise InvalidExpression(f"{quoted(text)} never fires: no such day exists", example=CRON_EXAMPLE)
    return cron
