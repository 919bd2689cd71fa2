"""Instants and starts of one schedule, for the tests of the judge."""

from tests.proofs.chaos.history import Expected, Kind, Start
from tests.proofs.chaos.verdicts import Defect, Verdict

DUE = 1_000_000.0


def once(due_at: float = DUE, withdrawn_at: float | None = None, *, is_certain: bool = True) -> Expected:
    """An instant of the schedule `s`."""
    return Expected("s", Kind.CADENCE, due_at, withdrawn_at, is_certain)


def start(at: float, run_id: str = "r", attempt: int = 1) -> Start:
    """Its agent was called."""
    return Start("s", run_id, attempt, at)


def defect_counts(verdict: Verdict) -> dict[Defect, int]:
    """How many of each kind there are."""
    return {defect: count for defect, count in verdict.defect_counts.items() if count}
