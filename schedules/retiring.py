"""The schedules of deleted agents end, a few at a time, so that no beat is kept from firing.

Meanwhile nothing of such an agent is found, and no run of it starts: a claim discards what still fires.
"""

import time
from datetime import datetime, timedelta
from typing import Final

import structlog

from schedules import editing
from schedules.errors import ScheduleNotFound
from schedules.models import Agent, Schedule

log = structlog.get_logger(__name__)

BATCH: Final = 50
MOST_SECONDS: Final = 0.25
"""How long one call may take; what is left waits for the next."""

PATIENCE: Final = timedelta(minutes=1)
"""A schedule that was being made while its agent was deleted comes into sight within this."""

ACTOR: Final = "service"
"""Who signs the end of these schedules."""


def retire(now: datetime) -> int:
    """End some schedules of deleted agents; how many. One statement where there are none."""
    ended, started = 0, time.monotonic()
    for agent in Agent.objects.to_retire().order_by("deleted_at").only("id", "deleted_at")[:BATCH]:
        while time.monotonic() - started < MOST_SECONDS:
            batch = _live_schedules(agent)
            if not batch:
                _note_retired(agent, now)
                break
            ended += sum(_end(schedule_id, now) for schedule_id in batch)
    if ended:
        log.info("agent.schedules_ended", count=ended)
    return ended


def _live_schedules(agent: Agent) -> list[str]:
    return list(
        Schedule.objects.live().filter(agent=agent).order_by("id").values_list("id", flat=True)[:BATCH]
    )


def _end(schedule_id: str, now: datetime) -> bool:
    try:
        editing.delete(schedule_id, ACTOR, now)
    except ScheduleNotFound:  # another beat, or a person, was quicker
        return False
    return True


def _note_retired(agent: Agent, now: datetime) -> None:
    if agent.deleted_at is not None and agent.deleted_at < now - PATIENCE:
        Agent.objects.filter(id=agent.id, retired_at=None).update(retired_at=now)
