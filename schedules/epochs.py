"""Cadence epochs: when a cadence begins and ends, and what had come due by then but was not fired.

Called by editing under the schedule's row lock, so that no beat fires meanwhile.
"""

from datetime import datetime

import structlog
from django.db.models import Max

from schedules.expressions import Late
from schedules.models import CadenceEpoch, EpochEnd, MissedFiring, MissedReason, Run, Schedule

log = structlog.get_logger(__name__)


def begin(schedule: Schedule) -> None:
    """The schedule's generation has begun, at its anchor."""
    CadenceEpoch.objects.create(
        schedule=schedule,
        generation=schedule.generation,
        type=schedule.type,
        expression=schedule.expression,
        began_at=schedule.anchor_at,
    )


def last_fired(schedule: Schedule) -> datetime | None:
    """The newest fire time of the schedule's generation that has a run."""
    fired = Run.objects.filter(schedule=schedule, generation=schedule.generation, fire_time__isnull=False)
    newest: datetime | None = fired.aggregate(newest=Max("fire_time"))["newest"]
    return newest


def end(schedule: Schedule, cause: EpochEnd, now: datetime) -> None:
    """The schedule's generation is over, if it was not; its due fire times that no beat has fired are missed."""
    CadenceEpoch.objects.filter(schedule=schedule, ended_at=None).update(ended_at=now, ended_by=cause)
    if schedule.next_fire_at is not None and schedule.next_fire_at <= now:
        _miss(schedule, schedule.next_fire_at, MissedReason(cause), now)


def _miss(schedule: Schedule, first: datetime, reason: MissedReason, now: datetime) -> None:
    try:
        late = schedule.cadence.late(first, now)
    except Exception:  # a cadence that cannot be computed must not keep people from mending or deleting it
        log.exception("schedule.cadence_failed", schedule_id=schedule.id, expression=schedule.expression)
        late = Late(first, 0, None)
    MissedFiring.objects.create(
        schedule=schedule,
        generation=schedule.generation,
        first_fire_time=first,
        last_fire_time=late.newest,
        count=late.skipped_count + 1,
        reason=reason,
        recorded_at=now,
    )
