"""The clock comes due: a batch of due schedules gets one run each, and its next fire times.

A batch is claimed, its runs inserted and its next fire times advanced in one transaction; whoever called sends the
messages after it. Any number of beats may do this at once: the row locks decide who fires what.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

import structlog
from django.conf import settings
from django.db import DataError, IntegrityError, transaction

from schedules.database.choice import is_postgresql
from schedules.database.ulids import new_ulids
from schedules.expressions import Cadence, parse, require_minimum_cadence
from schedules.firing.batch import DueSchedule, FireBatch, FireTimes, Firing
from schedules.firing.ending import ours_to_finish
from schedules.firing.held import pass_over_held
from schedules.firing.pacing import pace_late_firings
from schedules.firing.portable import PortableFireBatch
from schedules.firing.postgresql import PostgresqlFireBatch
from schedules.messages.dispatch import RunKey
from schedules.models import NextFire, ScheduleType

log = structlog.get_logger(__name__)

POISON_PAUSE = timedelta(minutes=10)
"""How long a schedule whose cadence cannot be computed is suspended, so that it stops no other."""

POISON_BATCH = 1000
"""Most unreachable schedules suspended in one call."""


class Fired(NamedTuple):
    """What came of a batch: the (run id, generation) of runs that may start now, and how many schedules were due.

    `due_count` below the limit: there are no more that may fire. `waiting_count`: runs that may start now too, but
    found no room on the queue.
    """

    runs: list[RunKey]
    due_count: int
    waiting_count: int = 0


def is_anything_due(now: datetime) -> bool:
    """Whether `fire_due` would find something: the usual tick's one read, of the index (`exists` drops the order)."""
    return NextFire.objects.due(now).values_list("pk").first() is not None


def fire_due(now: datetime, limit: int, room: int | None = None) -> Fired:
    """Fire up to `limit` schedules that are due at `now`; their messages are the caller's to send.

    `room`: for how many of them the queue has room (None: for all); the others' runs wait for their turn.
    Everything in the answer is committed, unless the caller has a transaction of its own open.
    """
    try:
        batch = _fire(now, limit, room, is_careful=False)
    except (
        IntegrityError,
        DataError,
    ):  # a fire time has a run already, or a row holds what no other may suffer for
        batch = _fire(now, limit, room, is_careful=True)
    if not batch.firings:
        return Fired([], batch.due_count - batch.planned_count)
    _report(batch.firings)
    runs = [(each.run_id, each.schedule.generation) for each in batch.firings if each.leaves(now)]
    waiting_count = sum(each.times.not_before <= now for each in batch.firings) - len(runs)
    return Fired(runs, batch.due_count, waiting_count)


class _FiredBatch(NamedTuple):
    """Of the `due_count` schedules, `planned_count` are no poison."""

    firings: list[Firing]
    due_count: int
    planned_count: int


def _fire(now: datetime, limit: int, room: int | None, *, is_careful: bool) -> _FiredBatch:
    """One transaction: everything it says is committed when it returns.

    `is_careful`: a fire time that has a run keeps it, and what the database refuses keeps no other from firing. To
    look for that each time would cost a tenth.
    """
    batch = fire_batch()
    with transaction.atomic():
        due = batch.take_due(now, limit)
        plans = _plan_firings(pass_over_held(due, now), now)
        firings = pace_late_firings(
            _without_locked_last_firings(plans), settings.ORQ.catch_up_per_second, now
        )
        firings = _rung_for(firings, now, room)
        grace = timedelta(seconds=settings.ORQ.redispatch_seconds)
        recorded = firings
        if is_careful:
            recorded = _record_what_can_be(batch, firings, now, grace)
        else:
            batch.record(firings, now, grace, ignore_existing=False)
    return _FiredBatch(recorded, len(due), len(plans) - len(firings) + len(recorded))


def _record_what_can_be(
    batch: FireBatch, firings: list[Firing], now: datetime, grace: timedelta
) -> list[Firing]:
    """The firings that were recorded; those that the database refuses are found by halves, and suspended."""
    try:
        with transaction.atomic():
            batch.record(firings, now, grace, ignore_existing=True)
    except (IntegrityError, DataError) as error:
        if len(firings) == 1:
            _report_poison(firings[0].schedule, error)
            _suspend([firings[0].schedule.id], now)
            return []
        half = len(firings) // 2
        parts = (firings[:half], firings[half:])
        return [firing for part in parts for firing in _record_what_can_be(batch, part, now, grace)]
    return firings


def fire_batch() -> FireBatch:
    """The statements of a batch for this database."""
    return PostgresqlFireBatch() if is_postgresql() else PortableFireBatch()


def _rung_for(firings: list[Firing], now: datetime, room: int | None) -> list[Firing]:
    """The firings; of those that may start now only the first `room` are rung for."""
    if room is None or len(firings) <= room:
        return firings
    may_start = (number for number, firing in enumerate(firings) if firing.times.not_before <= now)
    rung = set(islice(may_start, room))
    return [
        firing if number in rung else firing._replace(is_rung_for=False)
        for number, firing in enumerate(firings)
    ]


def _without_locked_last_firings(firings: list[Firing]) -> list[Firing]:
    """Without the last firings of schedules that somebody has locked: those finish the schedule, at the next tick."""
    last = [firing.schedule.id for firing in firings if firing.times.following is None]
    if not last:
        return firings
    ours = ours_to_finish(last)
    return [each for each in firings if each.times.following is not None or each.schedule.id in ours]


def _report(firings: list[Firing]) -> None:
    late = sum(firing.times.is_misfire for firing in firings)
    missed = sum(firing.times.missed_count for firing in firings)
    log.info("schedule.fired", fired_count=len(firings), misfire_count=late, missed_count=missed)


def suspend_unreachable(now: datetime) -> int:
    """Suspend and report the schedules whose fire time is none that ever comes; how many there were.

    They keep no other from firing, and no beat would ever find them due.
    """
    rows = NextFire.objects.unreachable(now).values_list("schedule_id", "expression")[:POISON_BATCH]
    found = dict(rows)
    for schedule_id, expression in found.items():
        log.error("schedule.cadence_failed", schedule_id=schedule_id, expression=expression)
    if found:
        _suspend(list(found), now)
    return len(found)


def _plan_firings(due: Sequence[DueSchedule], now: datetime) -> list[Firing]:
    """The firings of a batch; a schedule whose cadence raises is suspended and reported instead."""
    plan = _planner(now)
    firings, poison = [], []
    for schedule, run_id in zip(due, new_ulids(len(due)), strict=True):
        try:
            firings.append(Firing(schedule, run_id, plan(schedule)))
        except Exception as error:
            _report_poison(schedule, error)
            poison.append(schedule.id)
    if poison:
        _suspend(poison, now)
    return firings


def _report_poison(schedule: DueSchedule, error: Exception) -> None:
    log.error(
        "schedule.cadence_failed",
        schedule_id=schedule.id,
        expression=schedule.expression,
        exc_info=error,
    )


def _suspend(schedule_ids: list[str], now: datetime) -> None:
    NextFire.objects.filter(schedule_id__in=schedule_ids).update(suspended_until=now + POISON_PAUSE)


class ImpossibleTimes(ValueError):
    """The next fire time is no instant that lies after the beginning of the cadence"""


def _planner(now: datetime) -> Callable[[DueSchedule], FireTimes]:
    """Computes fire times once per distinct cadence: a herd of thousands shares a few expressions."""
    planned: dict[tuple[object, ...], FireTimes] = {}

    def plan(schedule: DueSchedule) -> FireTimes:
        anchor_at, fire_time = schedule.anchor_at, schedule.fire_time
        if anchor_at is None or fire_time is None or fire_time <= anchor_at:
            raise ImpossibleTimes
        anchor = anchor_at if schedule.type == ScheduleType.INTERVAL else None
        key = (schedule.type, schedule.expression, fire_time, anchor)
        if key not in planned:
            cadence = parse(schedule.type, schedule.expression).anchored_at(anchor_at)
            planned[key] = _fire_times(cadence, fire_time, now)
        return planned[key]

    return plan


def _fire_times(cadence: Cadence, fire_time: datetime, now: datetime) -> FireTimes:
    require_minimum_cadence(cadence)  # a denser one has no business here: its fire times could be millions
    overdue = cadence.overdue(fire_time, now)
    lateness = now - overdue.newest
    return FireTimes(
        first=fire_time,
        newest=overdue.newest,
        following=cadence.next_after(overdue.newest),
        missed_count=overdue.missed_count,
        last_missed=overdue.last_missed,
        is_misfire=overdue.missed_count > 0 or lateness > timedelta(seconds=settings.ORQ.misfire_seconds),
        not_before=overdue.newest,
    )
