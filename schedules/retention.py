"""Old history goes: finished runs after the retention time, then the deleted schedules and agents nothing refers to.

Remembered answers (Idempotency-Key) have a time of their own; of the audits the newest stays.

In batches, each its own short transaction, so that firing never waits for it.
"""

from datetime import datetime, timedelta

import structlog
from django.db.models import Exists, OuterRef

from schedules import idempotency
from schedules.database.ulids import lowest_ulid_at
from schedules.expressions.instants import rfc3339
from schedules.models import UNFINISHED_STATES, Agent, AuditResult, MissedFiring, Run, RunAttempt, Schedule

log = structlog.get_logger(__name__)

BATCH = 1000


def prune(now: datetime, keep: timedelta) -> int:
    """Delete finished runs, missed records and audits older than `keep`, and emptied deleted schedules and agents;
    run count.

    Answers remembered for an Idempotency-Key go when their own time is over.
    """
    before = now - keep
    deleted = _prune_runs(before)
    MissedFiring.objects.filter(recorded_at__lt=before).delete()
    _prune_schedules(before)
    _prune_agents(before)
    _prune_audits(before)
    idempotency.forget(now)
    log.info("history.pruned", run_count=deleted, before=rfc3339(before))
    return deleted


def _prune_runs(before: datetime) -> int:
    """Each batch begins after the one before it: until a vacuum the index still leads through all that is deleted."""
    deleted, after = 0, ""
    while ids := _old_runs(before, after):
        RunAttempt.objects.filter(run__in=ids).delete()
        deleted += Run.objects.filter(id__in=ids).delete()[0]
        after = ids[-1]
    return deleted


def _old_runs(before: datetime, after: str) -> list[str]:
    """A run's id tells when it was made, so the primary key finds the old ones without another index."""
    old = Run.objects.filter(id__gt=after, id__lt=lowest_ulid_at(before)).exclude(state__in=UNFINISHED_STATES)
    return list(old.order_by("id").values_list("id", flat=True)[:BATCH])


def _prune_schedules(before: datetime) -> None:
    has_runs = Exists(Run.objects.filter(schedule=OuterRef("pk")))
    Schedule.objects.filter(~has_runs, deleted_at__lt=before).delete()


def _prune_agents(before: datetime) -> None:
    """A deleted agent goes after the last of its schedules, and its versions with it."""
    has_schedules = Exists(Schedule.objects.filter(agent=OuterRef("pk")))
    Agent.objects.filter(~has_schedules, deleted_at__lt=before).delete()


def _prune_audits(before: datetime) -> None:
    """The newest stays, however old it is: it says when the ledger was last recounted."""
    newest = AuditResult.objects.newest()
    if newest is not None:
        AuditResult.objects.filter(audited_at__lt=before).exclude(id=newest.id).delete()
