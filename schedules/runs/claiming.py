"""A worker claims a run: the right to make one attempt, or the reason why not."""

import time
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from django.db import transaction
from django.db.models import F

from schedules import holds
from schedules.database.choice import is_postgresql
from schedules.database.clock import time_to_act
from schedules.errors import ClockLeapt
from schedules.limits import calls_in_flight
from schedules.models import (
    WORKER_STOPPED,
    AgentVersion,
    AttemptOutcome,
    DiscardReason,
    Run,
    RunState,
    Schedule,
)
from schedules.runs import claim_postgresql, waiting
from schedules.runs.claimed import Claimed, Occasion, links
from schedules.runs.transitions import discard, move
from schedules.secrets.payloads import Payload

NO_RESULT_YET: Final = {"error_code": "", "error_message": "", "response_id": ""}
"""What a run shows of an attempt that has just begun."""


class NotClaimed(StrEnum):
    """Why a worker was refused a run."""

    UNKNOWN = "unknown_run"
    NOT_PENDING = "not_pending"
    TOO_EARLY = "too_early"
    WRONG_GENERATION = "wrong_generation"
    DISCARDED = "discarded"
    WAITED = "waited_too_long"
    CLOCK_LEAPT = "clock_leapt"
    SATURATED = "saturated"
    """Its agent, or its workspace, has as many calls in flight as it may."""


def claim(
    run_id: str, generation: int, worker: str, now: datetime | None, lease: timedelta, trace_id: str = ""
) -> Claimed | NotClaimed:
    """Take the run for its next attempt, or say why not. A run of a stale schedule is discarded here.

    `now`: None is the database's clock, read by the statement that starts the run where it can. `trace_id`: of the
    attempt, kept with the run.

    1. Lock the schedule: an edit in progress is waited for, and judged by what it left.
    2. Discard the run when the schedule is gone, inactive, held or of another generation.
    3. Take a slot of its agent and workspace; where there is none the run stays pending, for whoever frees one.
    4. Start it: the counters of its schedule move with its first attempt only, its payload is read once, and what
       came of the attempt before is told by that attempt's own row from now on.
    """
    asked_at = time.monotonic()
    if is_postgresql():
        claimed = claim_postgresql.start(run_id, generation, worker, now, lease, trace_id)
        if isinstance(claimed, Claimed):
            return claimed
    else:
        claimed = None
    try:
        now = now or time_to_act()
    except ClockLeapt:  # the run stays pending: a beat redispatches it when the clock is right
        return NotClaimed.CLOCK_LEAPT
    if claimed is not None:
        waiting.wait_for_slot(run_id, now, claimed)
        return NotClaimed.SATURATED
    with transaction.atomic():
        outcome = _claim(run_id, generation, worker, now, lease, asked_at, trace_id)
    if outcome is NotClaimed.SATURATED:
        waiting.wait_for_slot(run_id, now)
    return outcome


class _Taking(NamedTuple):
    """Who takes a run, when, for how long, and in which trace."""

    worker: str
    now: datetime
    lease: timedelta
    trace_id: str


def _claim(
    run_id: str,
    generation: int,
    worker: str,
    now: datetime,
    lease: timedelta,
    asked_at: float,
    trace_id: str = "",
) -> Claimed | NotClaimed:
    run = Run.objects.filter(id=run_id).first()
    if run is None:
        return NotClaimed.UNKNOWN
    if run.generation != generation:
        return NotClaimed.WRONG_GENERATION
    schedule = (
        Schedule.objects.select_for_update(of=("self",), no_key=True)
        .select_related("agent__workspace")
        .get(id=run.schedule_id)
    )
    reason = why_stale(schedule, run.generation)
    if reason is None and holds.stopping(schedule.workspace_id, schedule.agent_id, run.created_at, now):
        reason = DiscardReason.SCHEDULE_INACTIVE
    if reason is not None:
        return NotClaimed.DISCARDED if discard(run_id, reason, now) else NotClaimed.NOT_PENDING
    if time.monotonic() - asked_at > lease.total_seconds() / 3:
        return NotClaimed.WAITED  # `now` is old: the lease would begin half over; a beat redispatches the run
    may_start = run.state == RunState.PENDING and run.not_before <= now
    if may_start and calls_in_flight.take_slot(schedule.agent, now):
        return NotClaimed.SATURATED
    return _start(run, schedule, _Taking(worker, now, lease, trace_id))


def why_stale(schedule: Schedule, generation: int) -> DiscardReason | None:
    """Why a pending run of this generation may not start; None: it may."""
    if schedule.deleted_at is not None or schedule.agent.deleted_at is not None:
        return DiscardReason.SCHEDULE_DELETED
    if schedule.generation != generation:
        return DiscardReason.STALE_GENERATION
    if not (schedule.is_active or schedule.is_finished):
        return DiscardReason.SCHEDULE_INACTIVE
    return None


def _start(run: Run, schedule: Schedule, taking: _Taking) -> Claimed | NotClaimed:
    is_first = run.started_at is None
    payload = schedule.payload if run.payload is None else run.payload
    agent_tag = (schedule.agent_tag or _active_tag(schedule.agent_id)) if is_first else run.agent_tag
    stopped_count = run.attempts.filter(outcome=AttemptOutcome.STOPPED).count() if run.attempt > 1 else 0
    started = move(
        Run.objects.claimable(taking.now).filter(id=run.id, attempt=run.attempt),
        RunState.RUNNING,
        worker=taking.worker,
        lease_expires_at=taking.now + taking.lease,
        started_at=taking.now if is_first else run.started_at,
        attempt_started_at=taking.now,
        payload=payload,
        agent_tag=agent_tag,
        max_attempts=schedule.agent.max_attempts + stopped_count,
        agent_id=schedule.agent_id,
        workspace_id=schedule.agent.workspace_id,
        trace_id=taking.trace_id,
        **NO_RESULT_YET,
    )
    if not started:
        return _why_not_claimable(run.id, taking.now)
    if is_first:
        Schedule.objects.filter(id=schedule.id).update(
            trigger_count=F("trigger_count") + 1, last_triggered_at=taking.now
        )
    return _claimed(run, schedule, agent_tag, payload, taking, stopped_count)


def _active_tag(agent_id: str) -> str | None:
    """What an unpinned schedule means now."""
    active = AgentVersion.objects.filter(agent=agent_id, is_active=True)
    return active.values_list("tag", flat=True).first()


def _claimed(
    run: Run,
    schedule: Schedule,
    agent_tag: str | None,
    payload: Payload,
    taking: _Taking,
    stopped_count: int,
) -> Claimed:
    return Claimed(
        run.id,
        run.attempt,
        schedule.id,
        agent_tag,
        payload,
        taking.worker,
        taking.now,
        taking.now + taking.lease,
        run.silent_count,
        taking.trace_id,
        links(run.trace_id, run.linked_traceparent),
        Occasion(
            schedule.display_name,
            run.generation,
            run.fire_time,
            run.created_at,
            run.is_misfire,
            bool(run.again_of),
        ),
        schedule.agent,
        stopped_count,
        run.response_id if run.error_code == WORKER_STOPPED else "",
    )


def _why_not_claimable(run_id: str, now: datetime) -> NotClaimed:
    is_early = Run.objects.pending().filter(id=run_id, not_before__gt=now).exists()
    return NotClaimed.TOO_EARLY if is_early else NotClaimed.NOT_PENDING
