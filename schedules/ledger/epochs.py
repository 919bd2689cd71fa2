"""Cadence epochs: when a cadence begins and first fires, when it ends, and what had come due but was not fired.

Called by editing while it has locked the schedule and its next fire, so that no beat fires meanwhile.
"""

from datetime import datetime

import structlog
from django.db.models import Max

from schedules.expressions import InvalidExpression, OverdueSpan
from schedules.models import (
    CadenceEpoch,
    EpochEnd,
    MissedFiring,
    MissedReason,
    NextFire,
    Run,
    Schedule,
    remember_next_fire,
)

log = structlog.get_logger(__name__)


def lock_next_fire(schedule: Schedule) -> None:
    """Lock its next fire and load it: waits for a beat that fires it, and sees what that beat has made of it."""
    rows = NextFire.objects.select_for_update(no_key=True)
    remember_next_fire(schedule, rows.filter(schedule_id=schedule.id).first())


def begin(schedule: Schedule, fire_time: datetime) -> None:
    """The schedule's generation has begun, at its anchor, and fires first at `fire_time`."""
    CadenceEpoch.objects.create(
        schedule=schedule,
        generation=schedule.generation,
        type=schedule.type,
        expression=schedule.expression,
        began_at=schedule.anchor_at,
    )
    NextFire.objects.create(
        schedule=schedule,
        generation=schedule.generation,
        type=schedule.type,
        expression=schedule.expression,
        anchor_at=schedule.anchor_at,
        fire_time=fire_time,
    )


def last_fired(schedule: Schedule) -> datetime | None:
    """The newest fire time of the schedule's generation that has a run."""
    fired = Run.objects.filter(schedule=schedule, generation=schedule.generation, fire_time__isnull=False)
    newest: datetime | None = fired.aggregate(newest=Max("fire_time"))["newest"]
    return newest


def last_recorded(schedule: Schedule) -> datetime | None:
    """The newest fire time of the schedule's generation that is on record: it has a run, or was missed."""
    return max(filter(None, (last_fired(schedule), _last_missed(schedule))), default=None)


def _last_missed(schedule: Schedule) -> datetime | None:
    missed = MissedFiring.objects.filter(schedule=schedule, generation=schedule.generation)
    newest: datetime | None = missed.aggregate(newest=Max("last_fire_time"))["newest"]
    return newest


def end(schedule: Schedule, cause: EpochEnd, now: datetime) -> None:
    """The schedule's generation is over, if it was not; its due fire times that no beat has fired are missed.

    Where a clock that was wrong has fired or missed times to come, it ends with the last of these: all to there is on
    record.
    """
    ended_at = max(now, last_recorded(schedule) or now)
    CadenceEpoch.objects.filter(schedule=schedule, ended_at=None).update(ended_at=ended_at, ended_by=cause)
    first = _first_unrecorded(schedule) if schedule.has_impossible_fire_time else schedule.next_fire_at
    if first is not None and first <= now:
        _miss(schedule, first, MissedReason(cause), now)
    NextFire.objects.filter(schedule_id=schedule.id).delete()
    remember_next_fire(schedule, None)


def _first_unrecorded(schedule: Schedule) -> datetime | None:
    """The fire time after the last that has a record, where the next fire says an impossible one."""
    try:
        return schedule.cadence.next_after(
            max(schedule.anchor_at, last_recorded(schedule) or schedule.anchor_at)
        )
    except InvalidExpression:
        return None


def _miss(schedule: Schedule, first: datetime, reason: MissedReason, now: datetime) -> None:
    try:
        overdue = schedule.cadence.overdue(first, now)
    except Exception:  # a cadence that cannot be computed must not keep people from mending or deleting it
        log.exception("schedule.cadence_failed", schedule_id=schedule.id, expression=schedule.expression)
        overdue = OverdueSpan(first, 0, None)
    MissedFiring.objects.create(
        schedule=schedule,
        generation=schedule.generation,
        first_fire_time=first,
        last_fire_time=overdue.newest,
        count=overdue.missed_count + 1,
        reason=reason,
        recorded_at=now,
    )
