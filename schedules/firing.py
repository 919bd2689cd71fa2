"""The clock comes due (`fire_due`) or a person says run now (`trigger`, `retry`): exactly one run each.

A batch of due schedules is claimed, its runs inserted and its next fire times advanced in one transaction; the
messages leave after it. Any number of beats may do this at once: the row locks decide who fires what.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from schedules import dispatch, editing, runs, trigger_statement
from schedules.catching_up import paced
from schedules.clock import database_now
from schedules.dispatch import RunKey
from schedules.errors import RunNotFound, RunNotRetryable, ScheduleInactive
from schedules.expressions import parse, require_minimum_cadence
from schedules.fire_batches import DueSchedule, FireTimes, Firing, fire_batch_for
from schedules.models import TRIGGER_DELAY, NextFire, Run, RunState, Schedule, ScheduleType
from schedules.ulids import new_ulids

log = structlog.get_logger(__name__)

Send = Callable[[], object]

POISON_PAUSE = timedelta(minutes=10)
"""How long a schedule whose cadence cannot be computed is held back, so that it stops no other."""


def trigger(schedule_id: str, now: datetime | None = None) -> Run:
    """A person says run now: one run, 10 s from now; ScheduleNotFound or ScheduleInactive.

    `now`: None is the database's clock, read by the statement that adds the run where it can.
    The run is committed before this returns; its message leaves after the commit, whatever the broker does.
    """
    run: Run | None = None
    if connection.vendor == "postgresql":
        run = trigger_statement.add(schedule_id, TRIGGER_DELAY, now)
    if run is None:
        return _run_now(schedule_id, now or database_now())
    _ring_later(run)
    return run


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
    _ring_later(run)
    return run


def _ring_later(run: Run) -> None:
    transaction.on_commit(lambda: dispatch.send_later(run.id, run.generation, TRIGGER_DELAY))


def is_anything_due(now: datetime) -> bool:
    """Whether `fire_due` would find something: the usual tick's one read, of the index (`exists` drops the order)."""
    return NextFire.objects.due(now).values_list("pk").first() is not None


def fire_due(now: datetime, limit: int, prepare: Callable[[list[RunKey]], Send] | None = None) -> int:
    """Fire up to `limit` schedules that are due at `now`; how many were taken (fewer than `limit`: all that may).

    `prepare` is given the runs that may start now, before they are recorded, and returns what sends their messages
    when they are committed; None: `dispatch.send_now`.
    """
    prepare = prepare or _prepare
    try:
        taken = _fire(now, limit, prepare, is_careful=False)
    except IntegrityError:  # a fire time has a run already; to look for that each time costs a tenth
        taken = _fire(now, limit, prepare, is_careful=True)
    if not taken.firings:
        return taken.held_back_count
    taken.send()
    _report(taken.firings)
    return taken.due_count


def _fire(
    now: datetime, limit: int, prepare: Callable[[list[RunKey]], Send], *, is_careful: bool
) -> "_Taken":
    """One transaction: everything it says is committed when it returns."""
    batch = fire_batch_for(connection.vendor)
    with transaction.atomic():
        due = batch.take_due(now, limit)
        plans = list(_plans(due, now))
        firings = paced(_endable(plans), settings.ORQ.catch_up_per_second, now)
        in_time = (firing for firing in firings if firing.times.not_before <= now)
        send = prepare([(firing.run_id, firing.schedule.generation) for firing in in_time])
        grace = timedelta(seconds=settings.ORQ.redispatch_seconds)
        batch.record(firings, now, grace, is_careful=is_careful)
    return _Taken(firings, len(due), len(due) - len(plans), send)


class _Taken(NamedTuple):
    """What a batch has come to; of the `due_count`, `held_back_count` have a cadence that could not be computed."""

    firings: list[Firing]
    due_count: int
    held_back_count: int
    send: Send


def _prepare(runs: list[RunKey]) -> Send:
    return lambda: dispatch.send_now(runs)


def _endable(firings: list[Firing]) -> list[Firing]:
    """Without the last firings of schedules that somebody holds: those finish the schedule, at the next tick.

    A beat that waited for them would hold next fires that an edit waits for.
    """
    last = [firing.schedule.id for firing in firings if firing.times.following is None]
    if not last:
        return firings
    rows = Schedule.objects.filter(id__in=last).select_for_update(skip_locked=True, no_key=True)
    held = set(rows.values_list("id", flat=True))
    return [each for each in firings if each.times.following is not None or each.schedule.id in held]


def _report(firings: list[Firing]) -> None:
    late = sum(firing.times.is_misfire for firing in firings)
    missed = sum(firing.times.missed_count for firing in firings)
    log.info("schedule.fired", fired_count=len(firings), misfire_count=late, missed_count=missed)


def _plans(due: Sequence[DueSchedule], now: datetime) -> Iterable[Firing]:
    """The firings of a batch; a schedule whose cadence raises is held back and reported instead."""
    plan = _planner(now)
    for schedule, run_id in zip(due, new_ulids(len(due)), strict=True):
        try:
            fire_times = plan(schedule)
        except Exception:
            log.exception("schedule.cadence_failed", schedule_id=schedule.id, expression=schedule.expression)
            NextFire.objects.filter(schedule_id=schedule.id).update(held_until=now + POISON_PAUSE)
        else:
            yield Firing(schedule, run_id, fire_times)


def _planner(now: datetime) -> Callable[[DueSchedule], FireTimes]:
    """Computes fire times once per distinct cadence: a herd of thousands shares a few expressions."""
    known: dict[tuple[object, ...], FireTimes] = {}

    def plan(schedule: DueSchedule) -> FireTimes:
        anchor = schedule.anchor_at if schedule.type == ScheduleType.INTERVAL else None
        key = (schedule.type, schedule.expression, schedule.fire_time, anchor)
        if key not in known:
            known[key] = _fire_times(schedule, now)
        return known[key]

    return plan


def _fire_times(schedule: DueSchedule, now: datetime) -> FireTimes:
    cadence = parse(schedule.type, schedule.expression).anchored_at(schedule.anchor_at)
    require_minimum_cadence(cadence)  # a denser one has no business here: its fire times could be millions
    late = cadence.late(schedule.fire_time, now)
    lateness = now - late.newest
    return FireTimes(
        first=schedule.fire_time,
        newest=late.newest,
        following=cadence.next_after(late.newest),
        missed_count=late.skipped_count,
        last_missed=late.skipped_last,
        is_misfire=late.skipped_count > 0 or lateness > timedelta(seconds=settings.ORQ.misfire_seconds),
        not_before=late.newest,
    )
