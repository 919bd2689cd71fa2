"""Lost work comes back: expired leases, and due runs whose message never arrived. Every beat calls this."""

from datetime import datetime, timedelta

import structlog
from django.conf import settings

from schedules import dispatch, runs

log = structlog.get_logger(__name__)

BATCH = 500
"""Most runs recovered or sent again in one call."""


def recover(now: datetime) -> int:
    """Return lost runs to pending and send the messages of undelivered ones again; how many were sent.

    Nothing is sent while the queue is long: the messages are there, and more would only lengthen it.
    """
    runs.recover_expired(now, BATCH)
    queued = dispatch.queue_length()
    if queued is None:
        return 0  # nothing can be sent: the runs keep their turn, or their waits would double for nothing
    room = settings.ORQ.redispatch_queue_limit - queued
    if room <= 0:
        return 0
    wait = timedelta(seconds=settings.ORQ.redispatch_seconds)
    undelivered = runs.take_undelivered(now, wait, min(room, BATCH))
    dispatch.send_now(undelivered)
    if undelivered:
        log.info("run.redispatched", count=len(undelivered))
    return len(undelivered)
