"""The rows of one example: its agents made, everything deleted."""

from datetime import timedelta

from schedules.models import (
    Agent,
    CadenceEpoch,
    Hold,
    HourTally,
    MissedFiring,
    NextFire,
    Run,
    RunAttempt,
    Schedule,
    TallyDelta,
    TallyTotal,
    Workspace,
)
from tests.factories import make_agent, make_workspace
from tests.proofs.model.ghost import GhostAgent

TALLIES = (TallyDelta, HourTally, TallyTotal)
IN_ORDER = (
    *(Hold, MissedFiring, RunAttempt, Run, CadenceEpoch, NextFire, Schedule, Agent, Workspace),
    *TALLIES,
)
RETRIES = {"retry_base": timedelta(seconds=10), "retry_cap": timedelta(seconds=60)}


def delete_rows() -> None:
    """Nothing of an earlier example is left. What was done is committed, so no rollback would do."""
    for model in IN_ORDER:
        rows = model.objects.all()
        rows._raw_delete(rows.db)


def make_agents() -> list[GhostAgent]:
    """One agent that is tried three times, one that is tried once and has one call in flight at most."""
    workspace = make_workspace()
    return [
        _ghost(make_agent(workspace, "thrice", max_attempts=3, **RETRIES)),
        _ghost(make_agent(workspace, "one-by-one", max_attempts=1, max_in_flight=1, **RETRIES)),
    ]


def _ghost(agent: Agent) -> GhostAgent:
    return GhostAgent(agent.id, agent.max_attempts, agent.retry_base, agent.retry_cap, agent.max_in_flight)
