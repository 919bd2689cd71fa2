"""What a batch reads and writes: due schedules in, firings out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, Protocol

FIRST_INSTANT: Final = datetime(1970, 1, 1, tzinfo=UTC)
LAST_INSTANT: Final = datetime.max.replace(tzinfo=UTC)
"""Whatever a database holds beyond these, such as -infinity, is no time of a cadence."""


class DueSchedule(NamedTuple):
    """What a NextFire says whose fire time has come; this transaction holds its row.

    `anchor_at` and `fire_time`: None if they are no instants from FIRST_INSTANT to LAST_INSTANT.
    """

    id: str
    generation: int
    type: str
    expression: str
    anchor_at: datetime | None
    fire_time: datetime | None


@dataclass(frozen=True, slots=True)
class FireTimes:
    """Of one cadence at one moment: a run for the newest fire time, one record of the older ones, what is next.

    All schedules of a herd that share a cadence share one of these.
    """

    first: datetime
    newest: datetime
    following: datetime | None
    missed_count: int
    last_missed: datetime | None
    is_misfire: bool
    not_before: datetime


class Firing(NamedTuple):
    """What one due schedule gets. `is_rung_for`: its message leaves with the batch, because the queue has room."""

    schedule: DueSchedule
    run_id: str
    times: FireTimes
    is_rung_for: bool = True

    def redispatch_at(self, now: datetime, grace: timedelta) -> datetime:
        """When a beat (re)dispatches the run: at once if its message does not leave with the batch."""
        return now + grace if self.leaves(now) else self.times.not_before

    def leaves(self, now: datetime) -> bool:
        """Whether its message leaves with the batch; one that starts later has none yet."""
        return self.is_rung_for and self.times.not_before <= now


class FireBatch(Protocol):
    """The statements of one batch."""

    def take_due(self, now: datetime, limit: int) -> list[DueSchedule]:
        """Lock and return up to `limit` due schedules nobody else holds, earliest fire time first."""

    def record(
        self, firings: Sequence[Firing], now: datetime, grace: timedelta, *, ignore_existing: bool
    ) -> None:
        """Insert the runs and the missed, discard the late runs that these replace, and advance the schedules.

        `grace`: how long after the firing a run's message may be under way before it is redispatched.
        `ignore_existing`: a fire time that has a run keeps it; otherwise that may be an IntegrityError.
        """
