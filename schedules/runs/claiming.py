"""A worker claims a run: the right to make one attempt, or the reason why not."""

import time
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import F

from schedules.database.choice import is_postgresql
from schedules.database.clock import database_now
from schedules.models import DiscardReason, Run, RunState, Schedule
from schedules.runs import claim_postgresql
from schedules.runs.claimed import Claimed
from schedules.runs.transitions import discard, move


class NotClaimed(StrEnum):
    """Why a worker was refused a run."""

    UNKNOWN = "unknown_run"
    NOT_PENDING = "not_pending"
    TOO_EARLY = "too_early"
    WRONG_GENERATION = "wrong_generation"
    DISCARDED = "discarded"
    WAITED = "waited_too_long"


def claim(
    run_id: str, generation: int, worker: str, now: datetime | None, lease: timedelta
) -> Claimed | NotClaimed:
    """Take the run for its next attempt, or say why not. A run of a stale schedule is discarded here.

    `now`: None is the database's clock, read by the statement that starts the run where it can.

    1. Lock the schedule: an edit in progress is waited for, and judged by what it left.
    2. Discard the run when the schedule is gone, inactive or of another generation.
    3. Start it: the counters of its schedule move with its first attempt only, its payload is read once.
    """
    asked_at = time.monotonic()
    if is_postgresql():
        claimed = claim_postgresql.start(run_id, generation, worker, now, lease)
        if claimed is not None:
            return claimed
    now = now or database_now()
    with transaction.atomic():
        return _claim(run_id, generation, worker, now, lease, asked_at)


def _claim(
    run_id: str, generation: int, worker: str, now: datetime, lease: timedelta, asked_at: float
) -> Claimed | NotClaimed:
    run = Run.objects.filter(id=run_id).first()
    if run is None:
        return NotClaimed.UNKNOWN
    if run.generation != generation:
        return NotClaimed.WRONG_GENERATION
    schedule = (
        Schedule.objects.select_for_update(of=("self",), no_key=True)
        .select_related("agent")
        .get(id=run.schedule_id)
    )
    reason = why_stale(schedule, run.generation)
    if reason is not None:
        return NotClaimed.DISCARDED if discard(run_id, reason, now) else NotClaimed.NOT_PENDING
    if time.monotonic() - asked_at > lease.total_seconds() / 3:
        return NotClaimed.WAITED  # `now` is old: the lease would begin half over; a beat redispatches the run
    return _start(run, schedule, worker, now, lease)


def why_stale(schedule: Schedule, generation: int) -> DiscardReason | None:
    """Why a pending run of this generation may not start; None: it may."""
    if schedule.deleted_at is not None:
        return DiscardReason.SCHEDULE_DELETED
    if schedule.generation != generation:
        return DiscardReason.STALE_GENERATION
    if not (schedule.is_active or schedule.is_finished):
        return DiscardReason.SCHEDULE_INACTIVE
    return None


def _start(
    run: Run, schedule: Schedule, worker: str, now: datetime, lease: timedelta
) -> Claimed | NotClaimed:
    is_first = run.started_at is None
    payload = schedule.payload if run.payload is None else run.payload
    agent_tag = schedule.agent_tag if is_first else run.agent_tag
    started = move(
        Run.objects.claimable(now).filter(id=run.id, attempt=run.attempt),
        RunState.RUNNING,
        worker=worker,
        lease_expires_at=now + lease,
        started_at=now if is_first else run.started_at,
        payload=payload,
        agent_tag=agent_tag,
        max_attempts=schedule.agent.max_attempts,
    )
    if not started:
        return _why_not_claimable(run.id, now)
    if is_first:
        Schedule.objects.filter(id=schedule.id).update(
            trigger_count=F("trigger_count") + 1, last_triggered_at=now
        )
    return Claimed(run.id, run.attempt, schedule.id, agent_tag, payload, now + lease, schedule.agent)


def _why_not_claimable(run_id: str, now: datetime) -> NotClaimed:
    is_early = Run.objects.pending().filter(id=run_id, not_before__gt=now).exists()
    return NotClaimed.TOO_EARLY if is_early else NotClaimed.NOT_PENDING
