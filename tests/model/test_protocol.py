"""Rules that need a moment the state machine cannot hold on to: each proved by itself."""

from datetime import timedelta

import pytest
import time_machine

from schedules import editing, runs
from schedules.clock import database_now
from schedules.models import Run, RunState
from schedules.runs import Claimed, Failure, NotClaimed
from tests.factories import NOON, make_agent, make_run, make_schedule
from tests.races.threads import elsewhere, open_transaction, wait_until_blocked

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]

LEASE = timedelta(seconds=15)
BROKEN = Failure("broken", "It broke", is_retryable=True)


def test_a_claim_that_read_an_older_attempt_starts_nothing() -> None:
    """Between a claim's look and its update the run can have been started, failed and come back."""
    run = make_run(make_schedule(make_agent(retry_base=timedelta(0))))

    with open_transaction(lambda: editing.update(run.schedule_id, {"display_name": "x"}, "apk_x", NOON)):
        claiming = elsewhere(lambda: runs.claim(run.id, 1, "worker", NOON, LEASE))
        outcome = claiming.__enter__()
        wait_until_blocked()
        Run.objects.update(attempt=2, started_at=NOON)

    assert outcome.result(timeout=10) is NotClaimed.NOT_PENDING
    claiming.__exit__(None, None, None)
    run.refresh_from_db()
    assert (run.state, run.attempt) == (RunState.PENDING, 2)
    assert isinstance(runs.claim(run.id, 1, "worker", NOON, LEASE), Claimed)


def test_the_databases_clock_judges_not_the_processs() -> None:
    before = database_now()

    with time_machine.travel(before - timedelta(days=3), tick=True):
        assert database_now() >= before
