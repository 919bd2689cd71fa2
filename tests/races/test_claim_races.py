"""A claim or a trigger has to wait for another session, and then goes by what that one has left.

What its statement read before the wait is out of date by then. PostgreSQL's own statements and their portable
twins are held to the same.
"""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import pytest
from django.db import transaction

from schedules import editing
from schedules.models import Run, RunState, Schedule
from schedules.runs import claiming, finishing, recovering, transitions
from schedules.runs.claimed import Claimed
from schedules.runs.claiming import NotClaimed
from schedules.triggering import run_now
from tests.factories import NOON, make_agent, make_due_schedule, make_run, make_schedule
from tests.firing import fire
from tests.races.threads import elsewhere, open_transaction, wait_until_blocked
from workers.runtimes.base import CallFailed

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]

LEASE = timedelta(seconds=15)
BROKEN = CallFailed("broken", "It broke", is_retryable=True)

Result = TypeVar("Result")
Claim = Callable[[Run], Claimed | NotClaimed]


def in_one_statement(run: Run) -> Claimed | NotClaimed:
    """As workers claim; what the statement refuses, the portable claim judges."""
    return claiming.claim(run.id, run.generation, "worker", NOON, LEASE)


def portably(run: Run) -> Claimed | NotClaimed:
    """As on any other database with row locks."""
    with transaction.atomic():
        return claiming._claim(run.id, run.generation, "worker", NOON, LEASE, time.monotonic())


both_claims = pytest.mark.parametrize("claim", [in_one_statement, portably])


def after(change: Callable[[], object], call: Callable[[], Result]) -> Result:
    """What comes of the call when it has to wait until another session has committed the change."""
    is_changed = threading.Event()

    def call_then() -> Result:
        assert is_changed.wait(timeout=10)
        return call()

    with elsewhere(call_then) as outcome:
        with open_transaction(change):
            is_changed.set()
            wait_until_blocked()
            assert not outcome.done()
        return outcome.result(timeout=10)


@both_claims
def test_a_claim_waits_for_an_edit_and_sends_what_it_left(claim: Claim) -> None:
    run = make_run(make_schedule(payload={"input": "old"}))
    changes: editing.ScheduleChanges = {"payload": {"input": "new"}, "display_name": "renamed"}

    outcome = after(lambda: editing.update(run.schedule_id, changes, "apk_x", NOON), lambda: claim(run))

    assert isinstance(outcome, Claimed)
    assert outcome.payload == Run.objects.get().payload == {"input": "new"}
    schedule = Schedule.objects.get()
    assert (schedule.display_name, schedule.revision) == ("renamed", 2)
    assert (schedule.trigger_count, schedule.last_triggered_at) == (1, NOON)


@both_claims
def test_a_claim_waits_for_a_deletion_and_then_starts_nothing(claim: Claim) -> None:
    run = make_run(make_schedule())

    outcome = after(lambda: editing.delete(run.schedule_id, "apk_x", NOON), lambda: claim(run))

    assert outcome is NotClaimed.NOT_PENDING
    run.refresh_from_db()
    assert (run.state, run.reason) == (RunState.DISCARDED, "schedule_deleted")
    assert Schedule.objects.get().trigger_count == 0


@both_claims
def test_a_claim_waits_for_a_cancellation_and_then_starts_nothing(claim: Claim) -> None:
    run = make_run(make_schedule())

    outcome = after(lambda: transitions.cancel(run.id, NOON), lambda: claim(run))

    assert outcome is NotClaimed.NOT_PENDING
    run.refresh_from_db()
    assert (run.state, run.started_at) == (RunState.CANCELLED, None)
    assert Schedule.objects.get().trigger_count == 0


@both_claims
def test_a_claim_waits_for_the_beat_that_sends_its_message_again_and_then_starts(claim: Claim) -> None:
    run = make_run(make_schedule())

    outcome = after(lambda: recovering.take_for_redispatch(NOON, LEASE, 10), lambda: claim(run))

    assert isinstance(outcome, Claimed)
    run.refresh_from_db()
    assert (run.state, run.redispatch_at, run.redispatch_count) == (RunState.RUNNING, NOON + LEASE, 1)


@both_claims
def test_a_claim_waits_for_another_and_then_starts_nothing(claim: Claim) -> None:
    run = make_run(make_schedule())

    outcome = after(lambda: claiming.claim(run.id, 1, "quicker", NOON, LEASE), lambda: claim(run))

    assert outcome is NotClaimed.NOT_PENDING
    run.refresh_from_db()
    assert (run.worker, run.attempt) == ("quicker", 1)
    assert Schedule.objects.get().trigger_count == 1


def test_a_run_that_came_back_meanwhile_is_started_but_not_counted_again() -> None:
    run = make_run(make_schedule(make_agent(retry_base=timedelta(0))))

    outcome = after(lambda: start_and_fail(run), lambda: in_one_statement(run))

    assert isinstance(outcome, Claimed)
    assert outcome.attempt == 2
    assert Schedule.objects.get().trigger_count == 1


def test_the_portable_claim_starts_no_other_attempt_than_it_read() -> None:
    run = make_run(make_schedule(make_agent(retry_base=timedelta(0))))

    outcome = after(lambda: start_and_fail(run), lambda: portably(run))

    assert outcome is NotClaimed.NOT_PENDING
    run.refresh_from_db()
    assert (run.state, run.attempt) == (RunState.PENDING, 2)
    assert isinstance(portably(run), Claimed)


@both_claims
def test_a_manual_run_starts_although_its_once_fires_and_switches_itself_off(claim: Claim) -> None:
    run = make_run(make_due_schedule())

    outcome = after(lambda: fire(NOON, 10), lambda: claim(run))

    assert isinstance(outcome, Claimed)
    schedule = Schedule.objects.get()
    assert (schedule.is_active, schedule.is_finished, schedule.trigger_count) == (False, True, 1)


@pytest.mark.parametrize("trigger", [run_now.trigger, run_now._add_to])
def test_a_trigger_waits_for_a_new_cadence_and_belongs_to_it(trigger: Callable[..., Run]) -> None:
    schedule = make_schedule()
    new_cadence: editing.ScheduleChanges = {"expression": "0 0 10 * * *"}

    run = after(
        lambda: editing.update(schedule.id, new_cadence, "apk_x", NOON), lambda: trigger(schedule.id, NOON)
    )

    assert run.generation == 2
    run.refresh_from_db()
    assert (run.state, run.generation) == (RunState.PENDING, 2)


def start_and_fail(run: Run) -> None:
    """The run's first attempt, over at once; the next one may start at once."""
    claimed = claiming.claim(run.id, run.generation, "quicker", NOON, LEASE)
    assert isinstance(claimed, Claimed)
    assert finishing.fail(claimed, BROKEN, NOON) == RunState.PENDING
