"""Fire times that go by while something holds their schedule are missed: no run, and the cadence goes on.

Part of the batch's transaction, on any database. Without a hold that is in force or ended after the batch's earliest
fire time it is one statement that finds nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import structlog
from django.db.models import Q

from schedules.database.ulids import new_ulids
from schedules.expressions import parse, require_minimum_cadence
from schedules.firing.batch import DueSchedule
from schedules.firing.ending import advance, finish, ours_to_finish
from schedules.models import Hold, MissedFiring, MissedReason, Schedule

log = structlog.get_logger(__name__)

_CHUNK = 500  # rows of one INSERT: SQLite limits the parameters of a statement


class _GoneBy(NamedTuple):
    """The fire times of a schedule from `first` to `last` are missed; `following` is the next, if there is one."""

    schedule: DueSchedule
    first: datetime
    last: datetime
    missed_count: int
    following: datetime | None


def pass_over_held(due: Sequence[DueSchedule], now: datetime) -> list[DueSchedule]:
    """Those of the batch that fire at `now`: not held, or with fire times since that ended.

    1. Held now: whatever has come due is missed, as when a schedule itself is paused.
    2. A hold has ended: what had come due before its end is missed, what came after it fires as ever.
    A schedule whose fire times cannot be computed is left in, for whoever reports those.
    """
    holds = _holds_since(due, now)
    if not holds:
        return list(due)
    to_fire, gone_by = [], []
    owners = _owners([schedule.id for schedule in due])
    for schedule in due:
        end = _held_until(holds, owners.get(schedule.id), schedule.fire_time, now)
        passed = _gone_by(schedule, end, now) if end is not None else None
        if passed is None:
            to_fire.append(schedule)
            continue
        gone_by.append(passed)
        if passed.following is not None and passed.following <= now:
            to_fire.append(schedule._replace(fire_time=passed.following))
    left = _record(gone_by, now)
    return [schedule for schedule in to_fire if schedule.id not in left]


def _holds_since(due: Sequence[DueSchedule], now: datetime) -> list[Hold]:
    """Those that any of these could have met. Locked: whoever lifts one waits for this batch, and this for them."""
    first = min((schedule.fire_time for schedule in due if schedule.fire_time is not None), default=None)
    if first is None:
        return []
    met = Hold.objects.filter(Q(ended_at=None) | Q(ended_at__gt=first), began_at__lte=now)
    return list(met.order_by("id").select_for_update(no_key=True))


_Owner = tuple[UUID, str]


def _owners(schedule_ids: list[str]) -> dict[str, _Owner]:
    rows = Schedule.objects.filter(id__in=schedule_ids).values_list("id", "workspace_id", "agent_id")
    return {schedule_id: (workspace_id, agent_id) for schedule_id, workspace_id, agent_id in rows}


def _held_until(
    holds: Sequence[Hold], owner: _Owner | None, fire_time: datetime | None, now: datetime
) -> datetime | None:
    """The end of what holds the schedule, at most the instant after `now`; None: nothing that it has met."""
    if owner is None or fire_time is None:
        return None
    beyond = now + datetime.resolution
    ends = (min(each.over_at or beyond, beyond) for each in holds if each.reaches(*owner))
    return max((end for end in ends if end > fire_time), default=None)


def _gone_by(schedule: DueSchedule, end: datetime, now: datetime) -> _GoneBy | None:
    """None: its fire times cannot be computed."""
    first, anchor_at = schedule.fire_time, schedule.anchor_at
    if first is None or anchor_at is None or first <= anchor_at:
        return None
    try:
        cadence = parse(schedule.type, schedule.expression)
        require_minimum_cadence(cadence)
        cadence = cadence.anchored_at(anchor_at)
        span = cadence.overdue(first, end - datetime.resolution)
        return _GoneBy(schedule, first, span.newest, span.missed_count + 1, cadence.next_after(span.newest))
    except Exception:  # the planner of the firings reports it
        return None


def _record(gone_by: Sequence[_GoneBy], now: datetime) -> set[str]:
    """Write them down and advance their schedules; those that somebody else has locked are left for the next tick.

    The ids of those that are left.
    """
    last = [each.schedule.id for each in gone_by if each.following is None]
    left = set(last) - ours_to_finish(last)
    recorded = [each for each in gone_by if each.schedule.id not in left]
    MissedFiring.objects.bulk_create(
        (_missed(each, now) for each in recorded), batch_size=_CHUNK, ignore_conflicts=True
    )
    lines = new_ulids(len(last))
    finish({each: line for each, line in zip(last, lines, strict=True) if each not in left})
    advance({each.schedule.id: each.following for each in recorded if each.following is not None})
    if recorded:
        log.info("schedule.held", missed_count=sum(each.missed_count for each in recorded))
    return left


def _missed(each: _GoneBy, now: datetime) -> MissedFiring:
    return MissedFiring(
        schedule_id=each.schedule.id,
        generation=each.schedule.generation,
        first_fire_time=each.first,
        last_fire_time=each.last,
        count=each.missed_count,
        reason=MissedReason.PAUSED,
        recorded_at=now,
    )
