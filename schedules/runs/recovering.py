"""Lost work comes back: expired leases, and due runs that no message is under way for. Every beat calls this."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction

from schedules.database.choice import is_postgresql
from schedules.messages import dispatch
from schedules.messages.dispatch import RunKey
from schedules.models import Run
from schedules.runs import fair_turns_postgresql
from schedules.runs.claiming import why_stale
from schedules.runs.fair_turns import MOST_DOUBLINGS, NONE_ENDED, next_runs
from schedules.runs.leases import take_back_expired
from schedules.runs.transitions import discard

log = structlog.get_logger(__name__)

BATCH = 500
"""Most runs recovered or redispatched in one call."""


def recover(now: datetime, *, takes_back: bool = True) -> int:
    """Return lost runs to pending and dispatch those that no message is under way for; how many were dispatched.

    `takes_back`: False after an outage, when a lease that has run out does not mean that its worker is lost.
    """
    if takes_back:
        take_back_expired(now, BATCH)
    return top_up(now)


def top_up(now: datetime, ended: Mapping[str, int] = NONE_ENDED) -> int:
    """Fill the short queue again with due runs that wait in the database, in fair turns; how many.

    `ended`: how many calls of each agent have ended since the last look. Until the next look as many more will end,
    and their slots shall not be free until then: so many messages go ahead. Where calls hang, none do.
    Nothing is sent while the queue is long: the messages are there, and more would only lengthen it.
    """
    room = dispatch.queue_room()
    if room is None:
        return 0  # nothing can be sent: the runs keep their turn, or their waits would double for nothing
    if room <= 0:
        return 0
    wait = timedelta(seconds=settings.ORQ.redispatch_seconds)
    redispatched = take_for_redispatch(now, wait, min(room, BATCH), ended)
    dispatch.send_now(redispatched)
    if redispatched:
        log.info("run.redispatched", count=len(redispatched))
    return len(redispatched)


@transaction.atomic
def take_for_redispatch(
    now: datetime, wait: timedelta, limit: int, ended: Mapping[str, int] = NONE_ENDED
) -> list[RunKey]:
    """(run id, generation) of due pending runs without a message under way; stale ones are discarded instead.

    Each is taken by one process only, and again after a wait that doubles up to MOST_DOUBLINGS times.
    """
    if is_postgresql():
        sent, stale_ids = fair_turns_postgresql.take(now, wait, limit, ended)
        _discard_stale(Run.objects.filter(id__in=stale_ids).select_related("schedule__agent"), now)
        return sent
    runs = next_runs(now, wait, limit, ended)
    stale_ids = _discard_stale(runs, now)
    fresh = [run for run in runs if run.id not in stale_ids]
    for run in fresh:
        run.redispatch_at = now + wait * 2 ** min(run.redispatch_count, MOST_DOUBLINGS)
        run.redispatch_count += 1
    Run.objects.bulk_update(fresh, ["redispatch_at", "redispatch_count"], batch_size=500)
    return [(run.id, run.generation) for run in fresh]


def _discard_stale(runs: Iterable[Run], now: datetime) -> list[str]:
    """The ids of those that may not start."""
    reasons = {run.id: why_stale(run.schedule, run.generation) for run in runs}
    stale = {run_id: reason for run_id, reason in reasons.items() if reason is not None}
    for run_id, reason in stale.items():
        discard(run_id, reason, now)
    return list(stale)
