"""What an edit does to the days to come: fire times that go, fire times that come, and runs that will not start."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from schedules.models import Run, Schedule
from schedules.previewing.fire_times import Window, preview_schedule

LOOKED_AHEAD: Final = timedelta(days=30)
MOST_FIRES: Final = 24 * 30 + 1
"""As many as there can be: fire times are at least an hour apart."""


@dataclass(frozen=True, slots=True)
class Effect:
    """Fire times of the next 30 days, ascending; `discarded_count`: runs that wait now and will not start."""

    generation: int
    new_generation: int
    removed: list[datetime]
    added: list[datetime]
    kept_count: int
    discarded_count: int


def effect_of(before: Schedule, after: Schedule, now: datetime) -> Effect:
    """What becomes of the schedule `before` if it becomes `after`; `after` need not be stored."""
    old, new = set(_fire_times(before, now)), set(_fire_times(after, now))
    is_new_life = after.generation != before.generation or before.is_active > after.is_active
    return Effect(
        before.generation,
        after.generation,
        sorted(old - new),
        sorted(new - old),
        len(old & new),
        _waiting_count(before) if is_new_life else 0,
    )


def _fire_times(schedule: Schedule, now: datetime) -> list[datetime]:
    if not schedule.is_active:
        return []
    return preview_schedule(schedule, Window(now, now + LOOKED_AHEAD, MOST_FIRES), now).fire_times


def _waiting_count(schedule: Schedule) -> int:
    owned = Run.objects.filter(workspace=schedule.workspace_id, agent=schedule.agent_id)
    return owned.pending().filter(schedule=schedule).count()
