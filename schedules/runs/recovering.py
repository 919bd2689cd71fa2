"""Lost work comes back: expired leases, and due runs whose message never arrived. Every beat calls this."""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction

from schedules.messages import dispatch
from schedules.models import Run
from schedules.runs.claiming import why_stale
from schedules.runs.leases import take_back_expired
from schedules.runs.transitions import discard

log = structlog.get_logger(__name__)

BATCH = 500
"""Most runs recovered or redispatched in one call."""

MOST_DOUBLINGS = 3
"""A run is redispatched after at most eight times the first wait: the queue's limit already prevents storms."""


def recover(now: datetime, *, takes_back: bool = True) -> int:
    """Return lost runs to pending and redispatch those whose message seems lost; how many were redispatched.

    Nothing is sent while the queue is long: the messages are there, and more would only lengthen it. `takes_back`:
    False after an outage, when a lease that has run out does not mean that its worker is lost.
    """
    if takes_back:
        take_back_expired(now, BATCH)
    queued = dispatch.queue_length()
    if queued is None:
        return 0  # nothing can be sent: the runs keep their turn, or their waits would double for nothing
    room = settings.ORQ.redispatch_queue_limit - queued
    if room <= 0:
        return 0
    wait = timedelta(seconds=settings.ORQ.redispatch_seconds)
    redispatched = take_for_redispatch(now, wait, min(room, BATCH))
    dispatch.send_now(redispatched)
    if redispatched:
        log.info("run.redispatched", count=len(redispatched))
    return len(redispatched)


@transaction.atomic
def take_for_redispatch(now: datetime, wait: timedelta, limit: int) -> list[tuple[str, int]]:
    """(run id, generation) of due pending runs whose message seems lost; stale ones are discarded instead.

    Each is taken by one beat only, and again after a wait that doubles up to MOST_DOUBLINGS times.
    """
    runs = list(
        Run.objects.to_redispatch(now)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("schedule__agent")
        .order_by("redispatch_at")[:limit]
    )
    stale_reasons = {run.id: why_stale(run.schedule, run.generation) for run in runs}
    for run_id, reason in stale_reasons.items():
        if reason is not None:
            discard(run_id, reason, now)
    fresh = [run for run in runs if stale_reasons[run.id] is None]
    for run in fresh:
        run.redispatch_at = now + wait * 2 ** min(run.redispatch_count, MOST_DOUBLINGS)
        run.redispatch_count += 1
    Run.objects.bulk_update(fresh, ["redispatch_at", "redispatch_count"], batch_size=500)
    return [(run.id, run.generation) for run in fresh]
