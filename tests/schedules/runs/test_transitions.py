"""The run's state machine: every transition guarded, every refusal named."""

from datetime import timedelta

import pytest

from schedules import editing
from schedules.models import (
    FINAL_STATES,
    TRANSITIONS,
    TRIGGER_DELAY,
    DiscardReason,
    Run,
    RunState,
    TriggerKind,
)
from schedules.runs import claiming, finishing, leases, recovering, transitions
from schedules.runs.claimed import Claimed
from schedules.runs.claiming import NotClaimed
from tests.factories import NOON, make_agent, make_run, make_schedule
from tests.schedules.runs.claims import LEASE, claim, claimed, fresh
from workers.runtimes.base import CallFailed

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(minutes=1)
BROKEN = CallFailed("agent_http_error", "503", is_retryable=True)


def test_a_run_succeeds_with_its_answer() -> None:
    owned = claimed(make_run(make_schedule()))

    assert finishing.succeed(owned.run_id, owned.attempt, LATER, response_id="resp_1", output_text="Hello")

    run = Run.objects.get()
    assert (run.state, run.finished_at, run.output_text) == (RunState.SUCCEEDED, LATER, "Hello")
    assert (run.lease_expires_at, run.worker) == (None, "worker-a")


def test_a_retryable_failure_goes_back_to_pending_with_the_next_attempt() -> None:
    owned = claimed(make_run(make_schedule()))

    assert finishing.fail(owned, BROKEN, LATER) == RunState.PENDING

    run = Run.objects.get()
    assert (run.state, run.attempt, run.error_code) == (RunState.PENDING, 2, "agent_http_error")
    assert run.not_before > LATER
    assert run.redispatch_at == run.not_before


def test_a_final_failure_ends_the_run() -> None:
    owned = claimed(make_run(make_schedule()))

    assert finishing.fail(owned, CallFailed("agent_http_error", "404"), LATER) == RunState.FAILED
    assert (Run.objects.get().attempt, Run.objects.get().reason) == (1, "agent_http_error")


def test_the_last_attempt_ends_the_run() -> None:
    owned = claimed(make_run(make_schedule(make_agent(max_attempts=2)), attempt=2))

    assert finishing.fail(owned, BROKEN, LATER) == RunState.FAILED


def test_a_worker_that_lost_the_run_changes_nothing() -> None:
    run = make_run(make_schedule())
    slow = claimed(run)
    leases.take_back_expired(NOON + timedelta(minutes=1), 10)
    owner = claiming.claim(run.id, 1, "worker-b", NOON + timedelta(minutes=1), LEASE)
    assert isinstance(owner, Claimed)

    assert finishing.succeed(slow.run_id, slow.attempt, LATER, output_text="late") is False
    assert finishing.fail(slow, BROKEN, LATER) is None

    assert (fresh(run).state, fresh(run).attempt, fresh(run).worker) == (RunState.RUNNING, 2, "worker-b")
    assert finishing.succeed(owner.run_id, owner.attempt, LATER, output_text="right")


def test_a_failure_of_a_run_that_was_cancelled_changes_nothing() -> None:
    run = make_run(make_schedule())
    owned = claimed(run)
    transitions.cancel(run.id, LATER)

    assert finishing.fail(owned, BROKEN, LATER) is None
    assert fresh(run).state == RunState.CANCELLED


def test_a_lease_that_is_kept_is_not_recovered_and_one_that_ran_out_is() -> None:
    kept, lost = make_run(make_schedule()), make_run(make_schedule())
    claimed(kept), claimed(lost)
    soon = NOON + timedelta(seconds=10)

    owned = leases.renew("worker-a", [kept.id], soon, LEASE)
    recovered = leases.take_back_expired(NOON + timedelta(seconds=16), 10)

    assert (owned, recovered) == ({(kept.id, 1)}, 1)
    assert fresh(kept).state == RunState.RUNNING
    assert (fresh(lost).state, fresh(lost).attempt, fresh(lost).error_code) == (
        RunState.PENDING,
        2,
        "worker_lost",
    )


def test_a_run_lost_on_its_last_attempt_has_failed() -> None:
    run = make_run(make_schedule(make_agent(max_attempts=1)))
    claimed(run)

    leases.take_back_expired(LATER, 10)

    assert (fresh(run).state, fresh(run).reason) == (RunState.FAILED, "worker_lost")


def test_another_workers_lease_is_not_renewed() -> None:
    run = make_run(make_schedule())
    claimed(run)

    assert leases.renew("worker-b", [run.id], LATER, LEASE) == set()
    assert fresh(run).lease_expires_at == NOON + LEASE


@pytest.mark.parametrize("state", [RunState.PENDING, RunState.RUNNING])
def test_a_person_cancels_what_has_not_ended(state: RunState) -> None:
    run = make_run(make_schedule(), state=state, lease_expires_at=LATER if state == "running" else None)

    assert transitions.cancel(run.id, LATER)
    assert not transitions.cancel(run.id, LATER)

    assert (fresh(run).state, fresh(run).reason) == (RunState.CANCELLED, "cancelled_by_person")
    assert leases.renew(run.worker, [run.id], LATER, LEASE) == set()


def test_undelivered_runs_are_taken_once_and_wait_twice_as_long_each_time() -> None:
    run = make_run(make_schedule())
    wait = timedelta(seconds=4)

    assert recovering.take_for_redispatch(NOON, wait, 10) == [(run.id, 1)]
    assert recovering.take_for_redispatch(NOON, wait, 10) == []
    assert recovering.take_for_redispatch(NOON + wait, wait, 10) == [(run.id, 1)]
    assert fresh(run).redispatch_at == NOON + wait + 2 * wait


def test_the_wait_for_a_message_grows_to_eight_times_the_first() -> None:
    run = make_run(make_schedule())
    wait, now, waits = timedelta(seconds=4), NOON, []

    for _ in range(6):
        assert recovering.take_for_redispatch(now, wait, 10) == [(run.id, 1)]
        waits.append((fresh(run).redispatch_at - now) / wait)
        now = fresh(run).redispatch_at

    assert waits == [1, 2, 4, 8, 8, 8]


def test_an_undelivered_run_of_a_stale_generation_is_discarded_not_sent() -> None:
    schedule = make_schedule()
    run = make_run(schedule)
    editing.update(schedule.id, {"expression": "0 0 10 * * *"}, "apk_x", NOON)

    assert recovering.take_for_redispatch(NOON, LEASE, 10) == []
    assert fresh(run).reason == "stale_generation"


@pytest.mark.parametrize("state", sorted(FINAL_STATES))
def test_a_run_that_has_ended_stays_as_it_is(state: RunState) -> None:
    run = make_run(make_schedule(), state=state)
    before = Run.objects.values().get()

    assert claim(run) is NotClaimed.NOT_PENDING
    assert not finishing.succeed(run.id, 1, LATER)
    assert not transitions.cancel(run.id, LATER)
    assert transitions.discard_pending(run.schedule_id, DiscardReason.SCHEDULE_DELETED, LATER) == 0
    assert recovering.take_for_redispatch(LATER, LEASE, 10) == []

    assert Run.objects.values().get() == before


def test_the_table_of_transitions_is_what_the_functions_do() -> None:
    seen: set[tuple[RunState, RunState]] = set()

    def note(before: RunState, run: Run) -> None:
        seen.add((before, RunState(fresh(run).state)))

    def running() -> tuple[Run, Claimed]:
        run = make_run(make_schedule())
        return run, claimed(run)

    def pending() -> Run:
        return make_run(make_schedule())

    run, owned = running()
    note(RunState.PENDING, run)
    finishing.succeed(owned.run_id, owned.attempt, LATER)
    note(RunState.RUNNING, run)
    for failure in (BROKEN, CallFailed("x", "y")):
        run, owned = running()
        finishing.fail(owned, failure, LATER)
        note(RunState.RUNNING, run)
    run, owned = running()
    transitions.cancel(run.id, LATER)
    note(RunState.RUNNING, run)
    run = pending()
    transitions.cancel(run.id, LATER)
    note(RunState.PENDING, run)
    run = pending()
    transitions.discard_pending(run.schedule_id, DiscardReason.SCHEDULE_DELETED, LATER)
    note(RunState.PENDING, run)

    assert seen == TRANSITIONS


def test_lateness_counts_from_the_fire_time_or_the_triggers_earliest_start() -> None:
    started = NOON + timedelta(seconds=2)
    schedule = make_schedule()

    manual = make_run(
        schedule, started_at=started, created_at=NOON - TRIGGER_DELAY, not_before=NOON + timedelta(hours=1)
    )
    fired = make_run(
        schedule, trigger=TriggerKind.CADENCE, fire_time=NOON - timedelta(seconds=1), started_at=started
    )

    assert manual.lateness == timedelta(seconds=2)
    assert fired.lateness == timedelta(seconds=3)
    assert make_run(schedule).lateness is None
