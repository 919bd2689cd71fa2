"""Cadence: what every parsed expression can answer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self


@dataclass(frozen=True, slots=True)
class Late:
    """The fire times that had come by the moment somebody looked: the newest, and those it skips.

    `skipped_count` older fire times lie before `newest`; `skipped_last` is the latest of them, None if there
    are none. The earliest of them is the `first` that was asked about.
    """

    newest: datetime
    skipped_count: int
    skipped_last: datetime | None


class Cadence(Protocol):
    """When a schedule fires: immutable, hashable, safe to share between threads."""

    def next_after(self, t: datetime) -> datetime | None:
        """The first fire time strictly after `t`, aware UTC; None if there is none.

        `t` may be in any time zone; ValueError when it has none.
        """

    def anchored_at(self, anchor: datetime) -> Self:
        """The same cadence counted from `anchor`; only intervals depend on it."""

    def late(self, first: datetime, now: datetime) -> Late:
        """What has come due from `first`, a fire time of this cadence, up to and including `now`.

        Counts the sequence first, next_after(first), … as far as `now`; ValueError if `first` is after `now`.
        """


def late_by_iteration(
    next_after: Callable[[datetime], datetime | None], first: datetime, now: datetime
) -> Late:
    """`Cadence.late` by walking from fire time to fire time."""
    require_order(first, now)
    late = Late(newest=first, skipped_count=0, skipped_last=None)
    while (fire_time := next_after(late.newest)) is not None and fire_time <= now:
        late = Late(newest=fire_time, skipped_count=late.skipped_count + 1, skipped_last=late.newest)
    return late


def require_order(first: datetime, now: datetime) -> None:
    """ValueError if `first` is after `now`: nothing is late then."""
    if first > now:
        raise ValueError(f"the fire time {first} has not come at {now}")
