"""Cadence: what every parsed expression can answer."""

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self


@dataclass(frozen=True, slots=True)
class OverdueSpan:
    """The fire times that had come by the moment somebody looked: the newest, and those missed before it.

    `missed_count` older fire times lie before `newest`; `last_missed` is the latest of them, None if there
    are none. The earliest of them is the `first` that was asked about.
    """

    newest: datetime
    missed_count: int
    last_missed: datetime | None


class Cadence(Protocol):
    """When a schedule fires: immutable, hashable, safe to share between threads."""

    def next_after(self, t: datetime) -> datetime | None:
        """The first fire time strictly after `t`, aware UTC; None if there is none.

        `t` may be in any time zone; ValueError when it has none.
        """

    def all_between(self, after: datetime, until: datetime) -> "array[int]":
        """Every fire time after `after` up to and including `until`, in microseconds since the Unix epoch.

        The same that stepping from fire time to fire time finds, all at once: for whoever recounts a long history.
        """

    def anchored_at(self, anchor: datetime) -> Self:
        """The same cadence counted from `anchor`; only intervals depend on it."""

    def overdue(self, first: datetime, now: datetime) -> OverdueSpan:
        """What has come due from `first`, a fire time of this cadence, up to and including `now`.

        Counts the sequence first, next_after(first), … as far as `now`; ValueError if `first` is after `now`.
        """


def overdue_by_iteration(
    next_after: Callable[[datetime], datetime | None], first: datetime, now: datetime
) -> OverdueSpan:
    """`Cadence.overdue` by walking from fire time to fire time."""
    require_order(first, now)
    span = OverdueSpan(newest=first, missed_count=0, last_missed=None)
    while (fire_time := next_after(span.newest)) is not None and fire_time <= now:
        span = OverdueSpan(newest=fire_time, missed_count=span.missed_count + 1, last_missed=span.newest)
    return span


def require_order(first: datetime, now: datetime) -> None:
    """ValueError if `first` is after `now`: nothing is overdue then."""
    if first > now:
        raise ValueError(f"the fire time {first} has not come at {now}")
