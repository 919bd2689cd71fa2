"""The run's state machine. Every transition is one guarded UPDATE; "0 rows" is a named outcome, not an error.

    pending → running → succeeded | failed | cancelled
    pending → discarded | cancelled
    running → pending (a retry or an expired lease: attempt + 1, a later not_before)

(run id, attempt) is the fencing token: whoever does not hold it changes nothing.
Lock order everywhere: the schedule, then its next fire, then its runs; a beat waits for no schedule.
"""

import random
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Field

from schedules import claim_statement, retries
from schedules.claim_statement import Started
from schedules.clock import database_now
from schedules.models import Agent, DiscardReason, Run, RunState, Schedule, TriggerKind
from schedules.payloads import Payload
from schedules.postgresql import server_bound_cursor

log = structlog.get_logger(__name__)

LOST = "worker_lost"
CANCELLED_BY_PERSON = "cancelled_by_person"
MOST_DOUBLINGS = 3
"""A message is sent again after at most eight times the first wait: the queue's limit already prevents storms."""

_ENDED = {"lease_expires_at": None, "worker": ""}


class NotClaimed(StrEnum):
    """Why a worker was refused a run."""

    UNKNOWN = "unknown_run"
    NOT_PENDING = "not_pending"
    TOO_EARLY = "too_early"
    WRONG_GENERATION = "wrong_generation"
    DISCARDED = "discarded"
    WAITED = "waited_too_long"


@dataclass(frozen=True, slots=True)
class Claimed:
    """The right to make one attempt: everything the call needs, so that no database is needed meanwhile."""

    run_id: str
    attempt: int
    max_attempts: int
    schedule_id: str
    agent: Agent
    agent_tag: str | None
    payload: Payload
    lease_expires_at: datetime


@dataclass(frozen=True, slots=True)
class Failure:
    """How an attempt failed."""

    code: str
    message: str
    is_retryable: bool = False
    retry_after: timedelta | None = None
    response_id: str = ""


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
    if connection.vendor == "postgresql":
        started = claim_statement.start(run_id, generation, worker, now, lease)
        if started is not None:
            return _claimed(run_id, started)
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
        return NotClaimed.DISCARDED if _discard(run_id, reason, now) else NotClaimed.NOT_PENDING
    if time.monotonic() - asked_at > lease.total_seconds() / 3:
        return NotClaimed.WAITED  # `now` is old: the lease would begin half over; a beat sends the run again
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
    started = (
        Run.objects.claimable(now)
        .filter(id=run.id, attempt=run.attempt)
        .update(
            state=RunState.RUNNING,
            worker=worker,
            lease_expires_at=now + lease,
            started_at=now if is_first else run.started_at,
            payload=payload,
            agent_tag=agent_tag,
            max_attempts=schedule.agent.max_attempts,
        )
    )
    if not started:
        return _why_not_claimable(run.id, now)
    if is_first:
        Schedule.objects.filter(id=schedule.id).update(
            trigger_count=F("trigger_count") + 1, last_triggered_at=now
        )
    return _claimed(
        run.id, Started(run.attempt, schedule.id, agent_tag, payload, now + lease, schedule.agent)
    )


def _claimed(run_id: str, started: Started) -> Claimed:
    return Claimed(
        run_id=run_id,
        attempt=started.attempt,
        max_attempts=started.agent.max_attempts,
        schedule_id=started.schedule_id,
        agent=started.agent,
        agent_tag=started.agent_tag,
        payload=started.payload,
        lease_expires_at=started.lease_expires_at,
    )


def _why_not_claimable(run_id: str, now: datetime) -> NotClaimed:
    is_early = Run.objects.pending().filter(id=run_id, not_before__gt=now).exists()
    return NotClaimed.TOO_EARLY if is_early else NotClaimed.NOT_PENDING


def _discard(run_id: str, reason: DiscardReason, now: datetime) -> bool:
    discarded = (
        Run.objects.pending()
        .filter(id=run_id)
        .update(state=RunState.DISCARDED, reason=reason, finished_at=now)
    )
    if discarded:
        log.info("run.discarded", run_id=run_id, reason=str(reason))
    return bool(discarded)


def discard_pending(schedule_id: str, reason: DiscardReason, now: datetime) -> int:
    """Discard all pending runs of a schedule whose row the caller has locked; how many there were."""
    return (
        Run.objects.pending()
        .filter(schedule_id=schedule_id)
        .update(state=RunState.DISCARDED, reason=reason, finished_at=now)
    )


def renew(worker: str, run_ids: Iterable[str], now: datetime, lease: timedelta) -> set[tuple[str, int]]:
    """Renew this worker's leases on these runs in one statement; the (run id, attempt) pairs it still holds."""
    ids = list(run_ids)
    until = connection.ops.adapt_datetimefield_value(now + lease)
    statement = (
        "UPDATE schedules_run SET lease_expires_at = %s"  # noqa: S608 - only placeholders are joined in
        f" WHERE worker = %s AND state = %s AND id IN ({', '.join(['%s'] * len(ids))}) RETURNING id, attempt"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [until, worker, RunState.RUNNING.value, *ids])
        return set(cursor.fetchall())


def succeed(run_id: str, attempt: int, now: datetime | None, **outcome: Any) -> bool:
    """The attempt's answer is the run's result; False: somebody else owns the run now, nothing changed.

    `now`: None is the database's clock. `outcome`: response_id, output, output_text, usage, trace_id.
    """
    is_postgresql = connection.vendor == "postgresql"
    facts = {"state": RunState.SUCCEEDED, "error_code": "", "error_message": "", **outcome, **_ENDED}
    values = [_fields()[name].get_db_prep_save(value, connection) for name, value in facts.items()]
    columns = ", ".join(f"{name} = %s" for name in facts)
    moment = "coalesce(%s, statement_timestamp())" if is_postgresql else "%s"
    finished_at = connection.ops.adapt_datetimefield_value(now if is_postgresql else now or database_now())
    statement = (  # Django takes longer to put an UPDATE together than PostgreSQL to carry it out
        f"UPDATE schedules_run SET {columns}, finished_at = {moment}"  # noqa: S608 - names of our own
        " WHERE id = %s AND attempt = %s AND state = %s"
    )
    with server_bound_cursor(is_prepared=True) if is_postgresql else connection.cursor() as cursor:
        cursor.execute(statement, [*values, finished_at, run_id, attempt, RunState.RUNNING.value])
        return bool(cursor.rowcount)


@cache
def _fields() -> "dict[str, Field[Any, Any]]":
    return {field.attname: field for field in Run._meta.concrete_fields}


def fail(claimed: Claimed, failure: Failure, now: datetime) -> RunState | None:
    """Record a failed attempt: back to pending while attempts remain and it makes sense, else failed.

    The state the run has now; None: somebody else owns the run, nothing changed.
    """
    retry_at = _retry_at(claimed, failure, now) if failure.is_retryable else None
    facts = {"error_code": failure.code, "error_message": failure.message, "response_id": failure.response_id}
    held = Run.objects.held(claimed.run_id, claimed.attempt)
    if retry_at is None:
        ended = held.update(state=RunState.FAILED, reason=failure.code, finished_at=now, **facts, **_ENDED)
        return RunState.FAILED if ended else None
    returned = held.update(**facts, **_back_to_pending(retry_at))
    return RunState.PENDING if returned else None


def _retry_at(claimed: Claimed, failure: Failure, now: datetime) -> datetime | None:
    agent = claimed.agent
    policy = retries.RetryPolicy(claimed.max_attempts, agent.retry_base, agent.retry_cap)
    return retries.next_attempt_at(policy, claimed.attempt, now, random.random(), failure.retry_after)  # noqa: S311


def _back_to_pending(not_before: datetime) -> dict[str, Any]:
    """The next attempt's fields; a beat sends its message when the time has come."""
    return {
        "state": RunState.PENDING,
        "attempt": F("attempt") + 1,
        "not_before": not_before,
        "redispatch_at": not_before,
        "redispatch_count": 0,
        **_ENDED,
    }


def cancel(run_id: str, now: datetime) -> bool:
    """A person ends the run; a call in flight is aborted at the next heartbeat. False: it had ended already."""
    return bool(
        Run.objects.filter(id=run_id, state__in=(RunState.PENDING, RunState.RUNNING)).update(
            state=RunState.CANCELLED, reason=CANCELLED_BY_PERSON, finished_at=now, **_ENDED
        )
    )


@transaction.atomic
def recover_expired(now: datetime, limit: int) -> int:
    """Runs whose worker is lost: pending again while attempts remain, else failed; how many there were."""
    expired = list(
        Run.objects.expired(now).select_for_update(skip_locked=True).values_list("id", flat=True)[:limit]
    )
    if not expired:
        return 0
    lost = Run.objects.expired(now).filter(id__in=expired)
    said = {"error_code": LOST, "error_message": "The worker stopped renewing its lease"}
    returned = lost.filter(attempt__lt=F("max_attempts")).update(**said, **_back_to_pending(now))
    ended = lost.update(state=RunState.FAILED, reason=LOST, finished_at=now, **said, **_ENDED)
    log.warning("run.lost", returned_count=returned, failed_count=ended, run_ids=expired[:20])
    return returned + ended


@transaction.atomic
def take_undelivered(now: datetime, wait: timedelta, limit: int) -> list[tuple[str, int]]:
    """(run id, generation) of due pending runs whose message seems lost; stale ones are discarded instead.

    Each is taken by one beat only, and again after a wait that doubles up to MOST_DOUBLINGS times.
    """
    runs = list(
        Run.objects.undelivered(now)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("schedule")
        .order_by("redispatch_at")[:limit]
    )
    stale = {run.id: why_stale(run.schedule, run.generation) for run in runs}
    for run_id, reason in stale.items():
        if reason is not None:
            _discard(run_id, reason, now)
    fresh = [run for run in runs if stale[run.id] is None]
    for run in fresh:
        run.redispatch_at = now + wait * 2 ** min(run.redispatch_count, MOST_DOUBLINGS)
        run.redispatch_count += 1
    Run.objects.bulk_update(fresh, ["redispatch_at", "redispatch_count"], batch_size=500)
    return [(run.id, run.generation) for run in fresh]


def add_manual(schedule: Schedule, not_before: datetime, now: datetime, payload: Payload | None) -> Run:
    """A pending run that a person asked for; the caller holds the schedule's lock.

    `payload`: what an earlier run sent, to be sent again; None: the schedule's at the claim.
    """
    return Run.objects.create(
        schedule=schedule,
        generation=schedule.generation,
        trigger=TriggerKind.MANUAL,
        not_before=not_before,
        created_at=now,
        redispatch_at=not_before + timedelta(seconds=settings.ORQ.redispatch_seconds),
        payload=payload,
        agent_tag=schedule.agent_tag,
    )
