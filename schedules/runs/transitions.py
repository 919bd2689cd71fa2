"""The guarded UPDATE that a change of a run's state is, and the changes that are no more than that.

Three statements have the same guard in words of their own: PostgreSQL's claim, a success (finishing.py), and the
firing that takes an older late run's place (firing/).
"""

from datetime import datetime
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F

from schedules import journal
from schedules.models import DiscardReason, Run, RunState, states_before
from schedules.models.run import RunQuerySet
from schedules.runs import ringing

log = structlog.get_logger(__name__)

CANCELLED_BY_PERSON = "cancelled_by_person"

LEASE_ENDED = {"lease_expires_at": None}
"""What no run has that is not running. Its worker stays on record until another attempt begins."""


def move(runs: RunQuerySet, state: RunState, **facts: Any) -> int:
    """Bring those of the runs into `state` that may get there; how many did, 0: somebody else was first."""
    return runs.filter(state__in=states_before(state)).update(state=state, **facts)


def discard(run_id: str, reason: DiscardReason, now: datetime) -> bool:
    """The run never starts; False: it was not pending."""
    discarded = move(Run.objects.filter(id=run_id), RunState.DISCARDED, reason=reason, finished_at=now)
    if discarded:
        log.info("run.discarded", run_id=run_id, reason=str(reason))
    return bool(discarded)


def discard_pending(schedule_id: str, reason: DiscardReason, now: datetime) -> int:
    """Discard all pending runs of a schedule whose row the caller has locked; how many there were."""
    pending = Run.objects.filter(schedule_id=schedule_id)
    return move(pending, RunState.DISCARDED, reason=reason, finished_at=now)


@transaction.atomic
def cancel(run_id: str, now: datetime) -> bool:
    """A person ends the run; a call in flight is aborted at the next heartbeat. False: it had ended already."""
    rows = Run.objects.filter(id=run_id)
    facts = {"reason": CANCELLED_BY_PERSON, "finished_at": now, **LEASE_ENDED}
    is_cancelled_now = bool(move(rows, RunState.CANCELLED, **facts))
    if is_cancelled_now:
        journal.record("cancel", rows.only("workspace_id", "agent_id").get())
        ringing.ring()
    return is_cancelled_now


def is_cancelled(run_id: str) -> bool:
    """Whether a person has ended it."""
    return Run.objects.filter(id=run_id, state=RunState.CANCELLED).exists()


def return_to_pending(runs: RunQuerySet, not_before: datetime, **facts: Any) -> int:
    """These running runs wait for their next attempt; a beat sends its message when the time has come."""
    return move(
        runs,
        RunState.PENDING,
        attempt=F("attempt") + 1,
        not_before=not_before,
        redispatch_at=not_before,
        redispatch_count=0,
        worker="",
        attempt_started_at=None,
        **facts,
        **LEASE_ENDED,
    )
