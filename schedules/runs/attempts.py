"""Earlier attempts are kept as rows when a run goes back to pending; the last attempt is the run itself.

A run that ends with its first attempt writes nothing here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from schedules.models import WORKER_LOST, WORKER_STOPPED, AttemptOutcome, Run, RunAttempt, RunState
from schedules.runs.claimed import Claimed

LOST = WORKER_LOST
_OUTCOMES: Final = {LOST: AttemptOutcome.LOST, WORKER_STOPPED: AttemptOutcome.STOPPED}


def keep_failed(claimed: Claimed, facts: Mapping[str, str], ended_at: datetime) -> None:
    """The attempt failed and another one follows. `facts`: error_code, error_message, response_id."""
    RunAttempt.objects.create(
        run_id=claimed.run_id,
        number=claimed.attempt,
        worker=claimed.worker,
        started_at=claimed.started_at,
        ended_at=ended_at,
        outcome=_OUTCOMES.get(facts["error_code"], AttemptOutcome.FAILED),
        trace_id=claimed.trace_id,
        **facts,
    )


def keep_lost(runs: Iterable[Run], facts: Mapping[str, str], ended_at: datetime) -> None:
    """The workers of these running runs are lost and another attempt of each follows."""
    RunAttempt.objects.bulk_create(
        RunAttempt(
            run_id=run.id,
            number=run.attempt,
            worker=run.worker,
            started_at=run.attempt_started_at,
            ended_at=ended_at,
            outcome=AttemptOutcome.LOST,
            trace_id=run.trace_id,
            **facts,
        )
        for run in runs
    )


OUTCOMES: Final = (*AttemptOutcome.values, RunState.RUNNING, RunState.SUCCEEDED, RunState.CANCELLED)
"""What an attempt in a list of all of them may have come to."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt as it is shown, an earlier one or the last."""

    number: int
    worker: str
    started_at: datetime | None
    ended_at: datetime | None
    outcome: str
    error_code: str
    error_message: str
    response_id: str
    trace_id: str


def attempts_of(run: Run) -> list[Attempt]:
    """All attempts of a run that have begun, in their order; reads what is stored of earlier ones, if any."""
    earlier = [_earlier(attempt) for attempt in run.attempts.all()] if run.attempt > 1 else []
    return [*earlier, *_last(run)]


def _earlier(attempt: RunAttempt) -> Attempt:
    return Attempt(
        attempt.number,
        attempt.worker,
        attempt.started_at,
        attempt.ended_at,
        attempt.outcome,
        attempt.error_code,
        attempt.error_message,
        attempt.response_id,
        attempt.trace_id,
    )


def _last(run: Run) -> list[Attempt]:
    """The run itself, unless its next attempt has not begun."""
    started_at = run.attempt_started_at or (run.started_at if run.attempt == 1 else None)
    if started_at is None or run.state == RunState.PENDING:
        return []
    is_lost = run.state == RunState.FAILED and run.error_code == LOST
    return [
        Attempt(
            run.attempt,
            run.worker,
            started_at,
            run.finished_at,
            AttemptOutcome.LOST if is_lost else run.state,
            run.error_code,
            run.error_message,
            run.response_id,
            run.trace_id,
        )
    ]
