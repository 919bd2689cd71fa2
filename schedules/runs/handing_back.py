"""A worker that is asked to end hands back the runs whose calls have not ended: another one goes on with them."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import F

from schedules.models import WORKER_STOPPED, Run, RunState
from schedules.runs import attempts, ringing
from schedules.runs.claimed import Claimed
from schedules.runs.transitions import return_to_pending

STOPPED: Final = WORKER_STOPPED
_MESSAGE: Final = "The worker was asked to end during the call"


@transaction.atomic
def hand_back(claimed: Claimed, response_id: str | None, now: datetime) -> RunState | None:
    """The run waits for its next attempt, from now on. None is spent: there may be one more than before.

    `response_id`: what the agent calls the work that it goes on with; the next attempt asks for that, instead of
    asking for it to be done again. The state the run has now; None: somebody else owns it, nothing changed.
    """
    facts = {"error_code": STOPPED, "error_message": _MESSAGE, "response_id": response_id or ""}
    owned = Run.objects.owned(claimed.run_id, claimed.attempt)
    if not return_to_pending(owned, now, max_attempts=F("max_attempts") + 1, **facts):
        return None
    attempts.keep_failed(claimed, facts, now)
    ringing.ring(claimed.agent.id)
    return RunState.PENDING
