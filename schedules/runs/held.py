"""What waited when a hold began never starts: beats discard it, batch by batch, and claims until they have."""

import time
from datetime import datetime
from typing import Final

import structlog
from django.db import transaction

from schedules import holds
from schedules.models import DiscardReason, Hold, Run, RunState
from schedules.models.run import RunQuerySet
from schedules.runs.transitions import move

log = structlog.get_logger(__name__)

BATCH: Final = 1000
MOST_SECONDS: Final = 0.5
"""How long one call may take; what is left waits for the next."""


def discard_held(now: datetime) -> int:
    """Discard waiting runs that a hold stops; how many. Without a hold: one statement, of an empty index."""
    discarded, until = 0, time.monotonic() + MOST_SECONDS
    for hold in Hold.objects.filter(is_watched=True).order_by("id"):
        count = _discard(hold, now, until)
        if count:
            log.info("hold.discarded", hold_id=hold.id, run_count=count)
        discarded += count
    return discarded


def _discard(hold: Hold, now: datetime, until: float) -> int:
    discarded, runs = 0, _stopped(hold, now)
    while time.monotonic() < until:
        count = _discard_batch(runs, now)
        discarded += count
        if count < BATCH:
            break
    if hold.ended_at is not None and not runs.exists():
        holds.note_drained(hold)
    return discarded


@transaction.atomic
def _discard_batch(runs: RunQuerySet, now: datetime) -> int:
    """Those that a worker is claiming are left to its claim."""
    ids = list(runs.select_for_update(skip_locked=True, no_key=True).values_list("id", flat=True)[:BATCH])
    if not ids:
        return 0
    rows = Run.objects.filter(id__in=ids)
    return move(rows, RunState.DISCARDED, reason=DiscardReason.SCHEDULE_INACTIVE, finished_at=now)


def _stopped(hold: Hold, now: datetime) -> RunQuerySet:
    """In force: all that waits. Ended: what was there when it began."""
    runs = Run.objects.pending().order_by()
    if hold.workspace_id is not None:
        runs = runs.filter(workspace=hold.workspace_id)
    if hold.agent_id is not None:
        runs = runs.filter(agent=hold.agent_id)
    return runs if hold.is_in_force(now) else runs.filter(created_at__lt=hold.began_at)
