"""Old history goes: finished runs after the retention time, then the deleted schedules and agents nothing refers to.

Remembered answers (Idempotency-Key) have a time of their own; of the audits the newest stays.

In batches, each its own short transaction, so that firing never waits for it.
"""

from collections import Counter
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef

from schedules import deliveries, idempotency, journal, tallies
from schedules.database.ulids import lowest_ulid_at
from schedules.expressions.instants import rfc3339
from schedules.models import (
    UNFINISHED_STATES,
    Agent,
    AuditResult,
    Hold,
    Incident,
    MissedFiring,
    Run,
    RunAttempt,
    Schedule,
)

log = structlog.get_logger(__name__)

BATCH = 1000


def prune(now: datetime, keep: timedelta) -> int:
    """Delete what is older than `keep`: finished runs, missed records, closed incidents, ended holds, audits.

    How many runs that were.

    Emptied deleted schedules and agents go too. Remembered answers go when their own time is over.
    """
    before = now - keep
    deleted = _prune_runs(before)
    Incident.objects.filter(closed_at__lt=before, tell_at=None).delete()
    MissedFiring.objects.filter(recorded_at__lt=before).delete()
    _prune_schedules(before)
    _prune_agents(before)
    _prune_audits(before)
    tallies.prune(now)
    _prune_holds(before)
    deliveries.prune(before)
    idempotency.forget(now)
    log.info("history.pruned", run_count=deleted, before=rfc3339(before))
    return deleted


def prune_journal(now: datetime, keep: timedelta) -> int:
    """Delete the journal's lines older than `keep`; how many there were."""
    deleted = journal.prune(now - keep)
    if deleted:
        log.info("journal.pruned", line_count=deleted, before=rfc3339(now - keep))
    return deleted


def _prune_runs(before: datetime) -> int:
    """Each batch begins after the one before it: until a vacuum the index still leads through all that is deleted."""
    deleted, after = 0, ""
    while ids := _old_runs(before, after):
        deleted += _delete_runs(ids)
        after = ids[-1]
    return deleted


@transaction.atomic
def _delete_runs(ids: list[str]) -> int:
    """With their attempts; how many manual ones went is noted at their schedules, or an audit would miss them."""
    RunAttempt.objects.filter(run__in=ids).delete()
    listed = ", ".join(["%s"] * len(ids))
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM schedules_run WHERE id IN ({listed}) RETURNING schedule_id, manual_number",  # noqa: S608
            ids,
        )
        deleted = cursor.fetchall()
    manual = Counter(schedule_id for schedule_id, number in deleted if number is not None)
    for schedule_id, count in sorted(manual.items()):
        Schedule.objects.filter(id=schedule_id).update(pruned_manual_count=F("pruned_manual_count") + count)
    return len(deleted)


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


def _prune_holds(before: datetime) -> None:
    """A day after what went by under them: that is recorded when a beat comes to it."""
    Hold.objects.filter(ended_at__lt=before - timedelta(days=1), is_watched=False).delete()


def _prune_audits(before: datetime) -> None:
    """The newest stays, however old it is: it says when the ledger was last recounted."""
    newest = AuditResult.objects.newest()
    if newest is not None:
        AuditResult.objects.filter(audited_at__lt=before).exclude(id=newest.id).delete()
