"""The clock comes due (`fire_due`) or a person says run now (`trigger`, `retry`): exactly one run each.

A batch of due schedules is claimed, its runs inserted and its next fire times advanced in one transaction; the
messages leave after it. Any number of beats may do this at once: the row locks decide who fires what.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction

from schedules import dispatch, editing, runs
from schedules.catching_up import paced
from schedules.errors import RunNotFound, RunNotRetryable, ScheduleInactive
from schedules.expressions import parse, require_minimum_cadence
from schedules.fire_batches import DueSchedule, Firing, fire_batch_for
from schedules.models import TRIGGER_DELAY, Run, RunState, Schedule, ScheduleType
from schedules.ulids import new_ulid

log = structlog.get_logger(__name__)

POISON_PAUSE = timedelta(minutes=10)
"""How long a schedule whose cadence cannot be computed is held back, so that it stops no other."""


def trigger(schedule_id: str, now: datetime) -> Run:
    """A person says run now: one run, 10 s from now; ScheduleNotFound or ScheduleInactive.

    The run is committed before this returns; its message leaves after the commit, whatever the broker does.
    """
    return _run_now(schedule_id, now)


def retry(run_id: str, now: datetime) -> Run:
    """A person runs an ended run's work again, with the payload it had; RunNotRetryable or as `trigger`."""
    ended = Run.objects.filter(id=run_id).first()
    if ended is None:
        raise RunNotFound
    if ended.state not in (RunState.FAILED, RunState.CANCELLED, RunState.DISCARDED):
        raise RunNotRetryable
    return _run_now(ended.schedule_id, now, ended)


@transaction.atomic
def _run_now(schedule_id: str, now: datetime, ended: Run | None = None) -> Run:
    schedule = editing.locked(schedule_id)
    if not schedule.is_active:
        raise ScheduleInactive
    payload = ended.payload if ended else None
    run = runs.add_manual(schedule, now + TRIGGER_DELAY, now, payload)
    transaction.on_commit(lambda: dispatch.send_later(run.id, run.generation, TRIGGER_DELAY))
    return run


def fire_due(now: datetime, limit: int) -> int:
    """Fire up to `limit` schedules that are due at `now`; how many were taken (fewer than `limit`: all)."""
    if not Schedule.objects.due(now).exists():
        return 0  # the usual tick: one read, no transaction
    batch = fire_batch_for(connection.vendor)
    with transaction.atomic():
        due = batch.take_due(now, limit)
        if not due:
            return 0
        firings = paced(_plans(due, now), settings.ORQ.catch_up_per_second, now)
        batch.record(firings, now, timedelta(seconds=settings.ORQ.redispatch_seconds))
    in_time = (firing for firing in firings if firing.not_before <= now)
    dispatch.send_now((firing.run_id, firing.schedule.generation) for firing in in_time)
    _report(firings)
    return len(due)


def _report(firings: list[Firing]) -> None:
    late = sum(firing.is_misfire for firing in firings)
    missed = sum(firing.missed_count for firing in firings)
    log.info("schedule.fired", fired_count=len(firings), misfire_count=late, missed_count=missed)


def _plans(due: Iterable[DueSchedule], now: datetime) -> Iterable[Firing]:
    """The firings of a batch; a schedule whose cadence raises is held back and reported instead."""
    plan = _planner(now)
    for schedule in due:
        try:
            fire_times = plan(schedule)
        except Exception:
            log.exception("schedule.cadence_failed", schedule_id=schedule.id, expression=schedule.expression)
            Schedule.objects.filter(id=schedule.id).update(held_until=now + POISON_PAUSE)
        else:
            yield _firing(schedule, fire_times, now)


@dataclass(frozen=True, slots=True)
class _FireTimes:
    """Of one cadence at one moment: the newest fire time that has come, what it covers, what is next."""

    newest: datetime
    following: datetime | None
    missed_count: int
    last_missed: datetime | None


def _planner(now: datetime) -> Callable[[DueSchedule], _FireTimes]:
    """Computes fire times once per distinct cadence: a herd of thousands shares a few expressions."""
    known: dict[tuple[object, ...], _FireTimes] = {}

    def plan(schedule: DueSchedule) -> _FireTimes:
        anchor = schedule.anchor_at if schedule.type == ScheduleType.INTERVAL else None
        key = (schedule.type, schedule.expression, schedule.next_fire_at, anchor)
        if key not in known:
            known[key] = _fire_times(schedule, now)
        return known[key]

    return plan


def _fire_times(schedule: DueSchedule, now: datetime) -> _FireTimes:
    cadence = parse(schedule.type, schedule.expression).anchored_at(schedule.anchor_at)
    require_minimum_cadence(cadence)  # a denser one has no business here: its fire times could be millions
    late = cadence.late(schedule.next_fire_at, now)
    return _FireTimes(late.newest, cadence.next_after(late.newest), late.skipped_count, late.skipped_last)


def _firing(schedule: DueSchedule, fire_times: _FireTimes, now: datetime) -> Firing:
    lateness = now - fire_times.newest
    is_misfire = fire_times.missed_count > 0 or lateness > timedelta(seconds=settings.ORQ.misfire_seconds)
    return Firing(
        schedule=schedule,
        run_id=new_ulid(),
        fire_time=fire_times.newest,
        not_before=fire_times.newest,
        next_fire_at=fire_times.following,
        missed_count=fire_times.missed_count,
        last_missed=fire_times.last_missed,
        is_misfire=is_misfire,
    )
