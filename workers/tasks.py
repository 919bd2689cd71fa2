"""Thin Celery tasks: they translate a message and call a verb. Routes and queues belong to the settings."""

from datetime import timedelta

import structlog
from celery import Task, shared_task
from django.conf import settings

from schedules import api_keys, ledger, retention
from schedules.database.clock import time_to_act
from schedules.errors import ClockLeapt
from workers import execution

log = structlog.get_logger(__name__)


def _with_countdown() -> type[Task]:  # type: ignore[type-arg]
    if settings.ORQ.uses("eta_leak"):
        from workers.broker.eta_request_leak import RequestedTask

        return RequestedTask
    return Task


@shared_task(name="workers.tasks.execute_run", base=_with_countdown())
def execute_run(run_id: str, generation: int) -> None:
    """One attempt of a run; a message that names no run, or not as we write it, is counted and dropped."""
    if not isinstance(run_id, str) or type(generation) is not int:
        log.warning("run.message_refused", reason="malformed")
        return
    execution.execute(run_id, generation)


@shared_task(name="workers.tasks.prune_history")
def prune_history() -> int:
    """Delete history past its retention; how many runs went. None while the database's clock has leapt."""
    try:
        now = time_to_act()
    except ClockLeapt:
        return 0
    retention.prune_journal(now, timedelta(days=settings.ORQ.journal_days))
    return retention.prune(now, timedelta(days=settings.ORQ.retention_days))


@shared_task(name="workers.tasks.audit_ledger")
def audit_ledger() -> int:
    """Recount what is new in the ledger and keep the result; how many findings there are.

    Not while the database's clock has leapt: the result would be of a time that is not.
    """
    try:
        now = time_to_act()
    except ClockLeapt:
        return 0
    result = ledger.audit_what_is_new(now, timedelta(days=settings.ORQ.retention_days))
    return result.finding_count


@shared_task(name="workers.tasks.note_expired_keys")
def note_expired_keys() -> int:
    """Write the API keys into the journal that have ended; how many. None while the database's clock has leapt."""
    try:
        now = time_to_act()
    except ClockLeapt:
        return 0
    return api_keys.note_expired(now, timedelta(days=settings.ORQ.journal_days))


@shared_task(name="workers.tasks.warn_of_expiring_keys")
def warn_of_expiring_keys() -> int:
    """Name the API keys that end soon, once a day; how many there are. None while the database's clock has leapt."""
    try:
        now = time_to_act()
    except ClockLeapt:
        return 0
    return api_keys.warn_of_expiring(now)
