"""A running run's lease: the right to work, renewed by its worker's heartbeat and taken back when that stops."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.db.models import F

from schedules.models import Run, RunState
from schedules.runs import attempts
from schedules.runs.transitions import LEASE_ENDED, move, return_to_pending

log = structlog.get_logger(__name__)

LOST = attempts.LOST
LOST_FACTS = {"error_code": LOST, "error_message": "The worker stopped renewing its lease"}
_SHOWN_IDS = 20
_OF_ATTEMPT = ("attempt", "max_attempts", "worker", "attempt_started_at", "trace_id")


def renew(worker: str, run_ids: Iterable[str], now: datetime, lease: timedelta) -> set[tuple[str, int]]:
    """Renew this worker's leases on these runs in one statement; the (run id, attempt) pairs it still owns."""
    ids = list(run_ids)
    until = connection.ops.adapt_datetimefield_value(now + lease)
    statement = (
        "UPDATE schedules_run SET lease_expires_at = %s"  # noqa: S608 - only placeholders are joined in
        f" WHERE worker = %s AND state = %s AND id IN ({', '.join(['%s'] * len(ids))}) RETURNING id, attempt"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [until, worker, RunState.RUNNING.value, *ids])
        return set(cursor.fetchall())


@transaction.atomic
def require_writable() -> None:
    """django.db.Error unless leases could be taken back now; a lock is a write, even of no row."""
    list(Run.objects.filter(id="").select_for_update().values_list("id"))


@transaction.atomic
def take_back_expired(now: datetime, limit: int) -> int:
    """Runs whose worker is lost: pending again while attempts remain, else failed; how many there were."""
    expired = list(Run.objects.expired(now).select_for_update(skip_locked=True).only(*_OF_ATTEMPT)[:limit])
    if not expired:
        return 0
    ids = [run.id for run in expired]
    lost = Run.objects.expired(now).filter(id__in=ids)
    attempts.keep_lost([run for run in expired if run.attempt < run.max_attempts], LOST_FACTS, now)
    returned = return_to_pending(lost.filter(attempt__lt=F("max_attempts")), now, **LOST_FACTS)
    failed = move(lost, RunState.FAILED, reason=LOST, finished_at=now, **LOST_FACTS, **LEASE_ENDED)
    log.warning("run.lost", returned_count=returned, failed_count=failed, run_ids=ids[:_SHOWN_IDS])
    return returned + failed
