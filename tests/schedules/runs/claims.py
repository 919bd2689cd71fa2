"""Claims of runs at NOON, and runs as their rows are."""

from datetime import timedelta
from typing import Any

from schedules.models import (
    Run,
)
from schedules.runs import claiming
from schedules.runs.claimed import Claimed
from schedules.runs.claiming import NotClaimed
from tests.factories import NOON

LEASE = timedelta(seconds=15)


def claim(run: Run, worker: str = "worker-a", **changes: Any) -> Claimed | NotClaimed:
    """Claim it at NOON."""
    return claiming.claim(run.id, changes.get("generation", run.generation), worker, NOON, LEASE)


def claimed(run: Run) -> Claimed:
    """Claim it, which must succeed."""
    outcome = claim(run)
    assert isinstance(outcome, Claimed)
    return outcome


def fresh(run: Run) -> Run:
    """As its row is now."""
    return Run.objects.get(id=run.id)
