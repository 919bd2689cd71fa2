"""A run that found no free slot waits: it is pending, and no message is under way until a slot is free."""

from datetime import datetime

from django.db.models import F

from schedules.limits import calls_in_flight, saturation
from schedules.models import Run
from schedules.runs import ringing


def wait_for_slot(run_id: str, now: datetime, owner: str = calls_in_flight.AGENT) -> None:
    """Whoever frees a slot, or a beat, rings for it. `owner`: who was full.

    That is no redispatch: its message did arrive, so that the waits for a lost one begin anew. A run of an old
    process gets its agent, by which it is found.
    """
    run = Run.objects.select_related("schedule__agent__workspace").get(id=run_id)
    agent = run.schedule.agent
    Run.objects.pending().filter(id=run_id).update(
        agent_id=agent.id, workspace_id=agent.workspace_id, redispatch_at=F("not_before"), redispatch_count=0
    )
    full = calls_in_flight.why_full(agent, now) or calls_in_flight.full_a_moment_ago(agent, owner)
    saturation.report(agent, full)
    ringing.ring()  # one may have ended after the claim counted, and before the run was seen to wait
