"""A run that its worker hands back is attempted again at once, and has as many attempts left as before."""

from datetime import timedelta
from typing import Any

import pytest

from schedules.ledger import audit
from schedules.models import Agent, Run, RunAttempt, RunState
from schedules.runs import claiming, finishing, handing_back, leases
from schedules.runs.attempts import attempts_of
from schedules.runs.claimed import Claimed
from tests.factories import NOON, make_run, make_schedule
from workers.runtimes.base import CallFailed

pytestmark = pytest.mark.django_db

LEASE = timedelta(seconds=15)
LATER = NOON + timedelta(minutes=1)
BROKEN = CallFailed("agent_http_error", "503", is_retryable=True, response_id="resp_broken")


def claimed(run: Run, worker: str = "worker-a") -> Claimed:
    """The run's next attempt, at NOON."""
    Run.objects.filter(id=run.id).update(not_before=NOON)
    outcome = claiming.claim(run.id, run.generation, worker, NOON, LEASE)
    assert isinstance(outcome, Claimed)
    return outcome


def fresh(run: Run) -> Run:
    return Run.objects.get(id=run.id)


def test_it_waits_for_nobody_and_spends_no_attempt() -> None:
    run = make_run(make_schedule())
    before = claimed(run)

    state = handing_back.hand_back(before, None, LATER)

    after = fresh(run)
    assert state == after.state == RunState.PENDING
    assert (after.not_before, after.redispatch_at, after.lease_expires_at) == (LATER, LATER, None)
    assert (after.attempt, after.max_attempts) == (2, before.max_attempts + 1)
    assert after.error_code == "worker_stopped"


def test_its_attempt_is_kept_with_a_reason_of_its_own() -> None:
    run = make_run(make_schedule())
    handing_back.hand_back(claimed(run), "resp_1", LATER)

    [kept] = attempts_of(fresh(run))

    assert (kept.number, kept.worker, kept.outcome, kept.error_code, kept.response_id) == (
        *(1, "worker-a", "stopped", "worker_stopped"),
        "resp_1",
    )
    assert (kept.started_at, kept.ended_at) == (NOON, LATER)
    assert audit(LATER).findings == []


def test_the_next_attempt_has_the_key_and_the_work_of_the_one_before() -> None:
    run = make_run(make_schedule())
    first = claimed(run)
    handing_back.hand_back(first, "resp_1", LATER)

    second = claimed(run, "worker-b")

    assert (second.attempt, second.worker, second.response_id) == (2, "worker-b", "resp_1")
    assert second.idempotency_key == first.idempotency_key
    assert second.max_attempts == fresh(run).max_attempts == first.max_attempts + 1


@pytest.mark.parametrize(
    "end", [lambda it: finishing.fail(it, BROKEN, LATER), lambda _: leases.take_back_expired(LATER, 9)]
)
def test_the_work_of_an_attempt_that_failed_or_was_lost_is_not_asked_for(end: Any) -> None:
    run = make_run(make_schedule())
    handing_back.hand_back(claimed(run), "resp_1", LATER)
    end(claimed(run))

    third = claimed(run)

    assert (third.attempt, third.response_id, third.max_attempts) == (3, "", third.agent.max_attempts + 1)


def test_a_run_is_handed_back_as_often_as_it_takes_and_then_fails_as_often_as_it_may() -> None:
    run = make_run(make_schedule())
    Agent.objects.update(max_attempts=2)
    for _ in range(3):
        assert handing_back.hand_back(claimed(run), None, LATER) == RunState.PENDING

    states = [finishing.fail(claimed(run), BROKEN, LATER) for _ in range(2)]

    assert states == [RunState.PENDING, RunState.FAILED]
    assert (fresh(run).attempt, fresh(run).max_attempts) == (5, 5)
    assert [each.outcome for each in attempts_of(fresh(run))] == [*["stopped"] * 3, "failed", "failed"]


def test_the_wait_after_a_failure_does_not_grow_with_it() -> None:
    run = make_run(make_schedule())
    Agent.objects.update(max_attempts=9, retry_base=timedelta(seconds=10))
    for _ in range(3):
        handing_back.hand_back(claimed(run), None, LATER)

    finishing.fail(claimed(run), BROKEN, LATER)

    assert fresh(run).not_before - LATER <= timedelta(seconds=10)


def test_a_lost_run_that_was_handed_back_before_still_has_its_attempts() -> None:
    run = make_run(make_schedule())
    Agent.objects.update(max_attempts=2)
    handing_back.hand_back(claimed(run), None, LATER)
    claimed(run)

    leases.take_back_expired(LATER, 9)

    assert (fresh(run).state, fresh(run).attempt, fresh(run).max_attempts) == (RunState.PENDING, 3, 3)


def test_whoever_no_longer_owns_a_run_hands_nothing_back() -> None:
    run = make_run(make_schedule())
    lost = claimed(run)
    leases.take_back_expired(LATER, 9)
    owned = claimed(run, "worker-b")

    assert handing_back.hand_back(lost, "resp_1", LATER) is None

    after = fresh(run)
    assert (after.state, after.attempt, after.worker) == (RunState.RUNNING, owned.attempt, "worker-b")
    assert [each.outcome for each in RunAttempt.objects.all()] == ["lost"]
