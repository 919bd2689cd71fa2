"""Interval: `@every ` and a duration; every fire time is the previous one plus the duration, drift free."""

from array import array
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self

from schedules.expressions.cadence import OverdueSpan, require_order
from schedules.expressions.durations import parse_duration
from schedules.expressions.instants import from_microseconds, to_microseconds
from schedules.expressions.invalid_expression import INTERVAL_EXAMPLE, InvalidExpression, quoted

PREFIX: Final = "@every "

_MICROSECONDS_PER_SECOND = 1_000_000
_NANOSECONDS_PER_SECOND = 1_000_000_000
_NANOSECONDS_PER_MICROSECOND = 1_000


@dataclass(frozen=True, slots=True)
class Interval:
    """Fires at anchor + k · duration for k = 1, 2, …, computed in nanoseconds and cut to microseconds.

    `anchor_ns`: the anchor in nanoseconds since the Unix epoch, a whole second; without one, every question
    counts from its own instant.
    """

    duration_ns: int
    anchor_ns: int | None = None

    def next_after(self, t: datetime) -> datetime | None:
        """See `Cadence`; None past the last instant a datetime can hold."""
        anchor = self._anchor_at(t) if self.anchor_ns is None else self.anchor_ns
        try:
            return self._fire_time(anchor, self._fired_count(anchor, t) + 1)
        except OverflowError:
            return None

    def all_between(self, after: datetime, until: datetime) -> "array[int]":
        """See `Cadence`; ValueError without an anchor."""
        if self.anchor_ns is None:
            raise ValueError("an interval counts from its anchor: call anchored_at first")
        first = self.anchor_ns + (self._fired_count(self.anchor_ns, after) + 1) * self.duration_ns
        end = (to_microseconds(until) + 1) * _NANOSECONDS_PER_MICROSECOND
        return array("q", [at // _NANOSECONDS_PER_MICROSECOND for at in range(first, end, self.duration_ns)])

    def anchored_at(self, anchor: datetime) -> Self:
        """The same interval counted from `anchor`, rounded to the nearest second (a half is rounded up)."""
        return replace(self, anchor_ns=self._anchor_at(anchor))

    def overdue(self, first: datetime, now: datetime) -> OverdueSpan:
        """See `Cadence`; the same work for any span. ValueError without an anchor."""
        if self.anchor_ns is None:
            raise ValueError("an interval counts from its anchor: call anchored_at first")
        require_order(first, now)
        newest = self._fired_count(self.anchor_ns, now)
        missed_count = newest - self._fired_count(self.anchor_ns, first)
        if missed_count == 0:
            return OverdueSpan(newest=first, missed_count=0, last_missed=None)
        before = first if missed_count == 1 else self._fire_time(self.anchor_ns, newest - 1)
        return OverdueSpan(self._fire_time(self.anchor_ns, newest), missed_count, before)

    def _fired_count(self, anchor: int, t: datetime) -> int:
        """How many fire times, cut to microseconds, lie at or before `t`."""
        end_of_t = (to_microseconds(t) + 1) * _NANOSECONDS_PER_MICROSECOND - 1
        return max(0, (end_of_t - anchor) // self.duration_ns)

    def _fire_time(self, anchor: int, k: int) -> datetime:
        return from_microseconds((anchor + k * self.duration_ns) // _NANOSECONDS_PER_MICROSECOND)

    @staticmethod
    def _anchor_at(t: datetime) -> int:
        half = _MICROSECONDS_PER_SECOND // 2
        return (to_microseconds(t) + half) // _MICROSECONDS_PER_SECOND * _NANOSECONDS_PER_SECOND


def parse_interval(text: str) -> Interval:
    """The cadence of `@every 1h30m`; InvalidExpression if it is not of the grammar, zero or negative."""
    duration = parse_duration(text.removeprefix(PREFIX)) if text.startswith(PREFIX) else None
    if not duration:
        raise InvalidExpression(
            f"{quoted(text)} is not `@every`, one space and a positive duration "
            "made of numbers with the units h, m, s, ms, us or ns",
            example=INTERVAL_EXAMPLE,
        )
    return Interval(duration)
