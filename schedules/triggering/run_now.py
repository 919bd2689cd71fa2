"""A person says run now (`trigger`) or run again (`run_again`): exactly one run each, committed before the answer."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from schedules import editing, holds, journal
from schedules.database.choice import is_postgresql
from schedules.database.clock import time_to_act
from schedules.errors import RunNotFound, RunNotRetryable, ScheduleInactive
from schedules.limits import quotas
from schedules.messages import dispatch
from schedules.models import (
    TRIGGER_DELAY,
    UNFINISHED_STATES,
    UNSUCCESSFUL_STATES,
    Run,
    Schedule,
    TriggerKind,
    root_traceparent,
)
from schedules.triggering import postgresql


def trigger(
    schedule_id: str,
    now: datetime | None = None,
    traceparent: str = "",
    owners: quotas.Owners | None = None,
) -> Run:
    """A person says run now: one run, 10 s from now; ScheduleNotFound, ScheduleInactive or QuotaExceeded.

    `now`: None is the database's clock, read by the statement that adds the run where it can; ClockLeapt.
    `traceparent`: of the request, a valid one or none; the run's trace is linked to it.
    `owners`: the schedule's, from those who know them; they are looked up otherwise.
    The run is committed before this returns; its message leaves after the commit, whatever the broker does.
    """
    _require_room(schedule_id, owners)
    run = postgresql.add(schedule_id, TRIGGER_DELAY, now, traceparent) if is_postgresql() else None
    if run is None:
        return _add_to(schedule_id, now or time_to_act(), traceparent=traceparent)
    _ring_later(run)
    return run


def run_again(run_id: str, now: datetime) -> Run:
    """A person runs an ended run's work again, with the payload it had; RunNotRetryable or as `trigger`.

    It is refused while a run that repeats this one has not ended: two clicks are one wish.
    A `once` that has finished has nothing to come, so that its runs may be run again as well.
    """
    ended = Run.objects.filter(id=run_id).first()
    if ended is None:
        raise RunNotFound
    if ended.state not in UNSUCCESSFUL_STATES:
        raise RunNotRetryable
    _require_room(ended.schedule_id, None)
    return _add_to(ended.schedule_id, now, ended, root_traceparent(ended.trace_id))


def _require_room(schedule_id: str, owners: quotas.Owners | None) -> None:
    """Of a schedule that does not exist whoever adds the run says so."""
    if owners is None:
        known = Schedule.objects.filter(id=schedule_id).values_list("workspace_id", "agent_id").first()
        owners = known and quotas.Owners(*known)
    if owners is not None:
        quotas.take_run(owners)


@transaction.atomic
def _add_to(schedule_id: str, now: datetime, ended: Run | None = None, traceparent: str = "") -> Run:
    """`ended`: the run whose work is done again, with the payload it sent; else it is the schedule's at the claim."""
    schedule = editing.locked(schedule_id)
    if not (schedule.is_active or (ended is not None and schedule.is_finished)):
        raise ScheduleInactive
    if holds.is_held(schedule.workspace_id, schedule.agent_id, now):
        raise ScheduleInactive
    if ended is not None:
        _require_none_open(ended)
    run = _add(schedule, now, ended, traceparent)
    _record(schedule, run, ended)
    _ring_later(run)
    return run


def _require_none_open(ended: Run) -> None:
    """RunNotRetryable if a run that repeats its work has not ended; the schedule is locked, so nobody adds one."""
    is_open = Run.objects.again_of(ended.id).filter(state__in=UNFINISHED_STATES).values_list("id", flat=True)
    if run_id := is_open.first():
        raise RunNotRetryable(f"This run is being run again already: run {run_id} has not ended")


def _record(schedule: Schedule, run: Run, ended: Run | None) -> None:
    """The line has the id of the run that was asked for."""
    if ended is None:
        journal.record("run_now", schedule, id_=run.id)
    else:
        journal.record_act(
            "run_again",
            "run",
            ended.id,
            journal.name_of(schedule),
            workspace_id=run.workspace_id,
            agent_id=run.agent_id,
            changes=journal.first_values({"run": run.id}),
            id_=run.id,
        )


def _next_number(schedule: Schedule) -> int:
    """Which of the schedule's manual runs the next one is; the schedule is locked."""
    Schedule.objects.filter(id=schedule.id).update(manual_count=F("manual_count") + 1)
    return schedule.manual_count + 1


def _add(schedule: Schedule, now: datetime, ended: Run | None, traceparent: str) -> Run:
    not_before = now + TRIGGER_DELAY
    return Run.objects.create(
        schedule=schedule,
        agent_id=schedule.agent_id,
        workspace_id=schedule.workspace_id,
        again_of=ended.id if ended else "",
        generation=schedule.generation,
        trigger=TriggerKind.MANUAL,
        manual_number=_next_number(schedule),
        not_before=not_before,
        created_at=now,
        redispatch_at=not_before + timedelta(seconds=settings.ORQ.redispatch_seconds),
        payload=ended.payload if ended else None,
        agent_tag=schedule.agent_tag,
        linked_traceparent=traceparent,
    )


def _ring_later(run: Run) -> None:
    transaction.on_commit(lambda: dispatch.send_later(run.id, run.generation, TRIGGER_DELAY))
