"""Why a schedule is paused: by itself, or held with its agent, its workspace or everything."""

from dataclasses import dataclass
from datetime import datetime

from schedules.expressions.instants import for_people
from schedules.holds.looking import of_schedule
from schedules.models import Hold, Schedule

OF_SCHEDULE = "schedule"


@dataclass(frozen=True, slots=True)
class Pause:
    """`scope`: schedule, agent, workspace or everything; `what`: that, for people. `by_id`: how whoever did it signs.

    `reason`: why the service did it. What is not on record is None or empty.
    """

    scope: str
    what: str
    note: str
    until_at: datetime | None
    since_at: datetime | None
    by_id: str
    by_name: str
    reason: str = ""

    @property
    def is_hold(self) -> bool:
        """Whether it leaves schedules as they are."""
        return self.scope != OF_SCHEDULE

    def __str__(self) -> str:
        verb = "held" if self.is_hold else "paused"
        return f"{verb}: {self.what}{self.details}"

    @property
    def details(self) -> str:
        """By whom, the note and the end, as far as they are on record, each after a comma."""
        by = f", by {self.by_name or self.by_id}" if self.by_name or self.by_id else ""
        note = f", {self.note!r}" if self.note else ""
        until = f", until {for_people(self.until_at)}" if self.until_at is not None else ""
        return f"{by}{note}{until}"


def is_shown_active(schedule: Schedule) -> bool:
    """Its own flag, and no hold."""
    return schedule.is_active and not of_schedule(schedule)


def pause_of(schedule: Schedule) -> Pause | None:
    """Why it is paused; None: it is not. Of several the widest hold: until that is lifted the others do nothing."""
    if schedule.deleted_at is not None:
        return None
    held = of_schedule(schedule)
    return pause_of_hold(held[0]) if held else own_pause(schedule)


def own_pause(schedule: Schedule) -> Pause | None:
    """The schedule's own, whatever holds there are."""
    if schedule.is_active or schedule.is_finished or schedule.deleted_at is not None:
        return None
    return Pause(
        OF_SCHEDULE,
        "the schedule",
        schedule.pause_note,
        schedule.paused_until,
        schedule.paused_at,
        schedule.paused_by_id,
        schedule.paused_by_name,
        schedule.pause_reason,
    )


def pause_of_hold(row: Hold) -> Pause:
    """The hold as a pause of what it reaches."""
    return Pause(row.scope, str(row), row.note, row.until_at, row.began_at, row.by_id, row.by_name)
