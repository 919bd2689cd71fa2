"""What a batch reads and writes: due schedules in, firings out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol


class DueSchedule(NamedTuple):
    """A schedule whose fire time has come; its row is locked by this transaction."""

    id: str
    generation: int
    type: str
    expression: str
    anchor_at: datetime
    agent_id: str
    next_fire_at: datetime


@dataclass(frozen=True, slots=True)
class Firing:
    """What one due schedule gets: a run for the newest fire time, one record of the older ones, its next."""

    schedule: DueSchedule
    run_id: str
    fire_time: datetime
    not_before: datetime
    next_fire_at: datetime | None
    missed_count: int
    last_missed: datetime | None
    is_misfire: bool


def redispatch_at(firing: Firing, now: datetime, grace: timedelta) -> datetime:
    """When a beat sends the run's message (again): one whose turn comes later has no message yet."""
    return firing.not_before if firing.not_before > now else now + grace


class FireBatch(Protocol):
    """The statements of one batch."""

    def take_due(self, now: datetime, limit: int) -> list[DueSchedule]:
        """Lock and return up to `limit` due schedules nobody else holds, earliest fire time first."""

    def record(self, firings: Sequence[Firing], now: datetime, grace: timedelta) -> None:
        """Insert the runs (a fire time that has one keeps it), the missed, and advance the schedules.

        `grace`: how long after the firing a run's message may be under way before it is sent again.
        """
