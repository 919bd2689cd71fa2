"""Two sessions want the same: one wins, and the loser has waited and then done nothing."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection

from schedules import editing
from schedules.errors import RunNotRetryable, ScheduleInactive, ScheduleNotFound
from schedules.firing import due
from schedules.models import MissedFiring, Run, RunState, Schedule
from schedules.runs import claiming, finishing, leases, recovering, transitions
from schedules.runs.claimed import Claimed
from schedules.runs.claiming import NotClaimed
from schedules.triggering import run_now
from tests.factories import NOON, make_agent, make_due_schedule, make_run, make_schedule
from tests.firing import fire
from tests.races.threads import at_once, elsewhere, open_transaction, wait_until_blocked

pytestmark = pytest.mark.django_db(transaction=True)

LEASE = timedelta(seconds=15)

Execute = Callable[..., Any]


def claim(run: Run, worker: str = "worker") -> Claimed | NotClaimed:
    return claiming.claim(run.id, run.generation, worker, NOON, LEASE)


def test_any_number_of_beats_make_one_run_of_each_fire_time() -> None:
    agent = make_agent()
    herd = {make_due_schedule(agent).id for _ in range(400)}

    def beat() -> int:
        fired = 0
        while taken := fire(NOON, 20):
            fired += taken
        return fired

    shares = at_once([beat] * 4)

    assert sum(shares) == 400
    assert Counter(Run.objects.values_list("schedule_id", flat=True)) == Counter(herd)
    assert not Schedule.objects.filter(is_active=True).exists()


@pytest.mark.postgresql
def test_two_beats_share_the_pace_of_an_agents_late_firings() -> None:
    agent = make_agent()
    for _ in range(40):
        make_due_schedule(agent, due_at=NOON - timedelta(minutes=5))

    with open_transaction(lambda: fire(NOON, 20)):
        other_beat = elsewhere(lambda: fire(NOON, 20))
        fired = other_beat.__enter__()
        wait_until_blocked()
    assert fired.result(timeout=10) == 20
    other_beat.__exit__(None, None, None)

    in_the_first_second = Run.objects.filter(not_before__lt=NOON + timedelta(seconds=1))
    assert in_the_first_second.count() == 10


@pytest.mark.postgresql
@pytest.mark.parametrize("other", ["an edit", "a beat that sends its message again"])
def test_a_claim_that_waited_long_starts_nothing_with_an_old_lease(other: str) -> None:
    run = make_run(make_schedule())
    short = timedelta(milliseconds=300)
    holders: dict[str, Callable[[], object]] = {
        "an edit": lambda: editing.update(run.schedule_id, {"display_name": "x"}, "apk_x", NOON),
        "a beat that sends its message again": lambda: recovering.take_for_redispatch(NOON, LEASE, 10),
    }

    with open_transaction(holders[other]):
        waiting = elsewhere(lambda: claiming.claim(run.id, 1, "worker", NOON, short))
        outcome = waiting.__enter__()
        wait_until_blocked()
        time.sleep(0.2)  # more than a third of the lease

    assert outcome.result(timeout=10) is NotClaimed.WAITED
    run.refresh_from_db()
    assert (run.state, run.attempt) == (RunState.PENDING, 1)
    waiting.__exit__(None, None, None)


def test_many_workers_that_get_the_same_message_start_the_run_once() -> None:
    run = make_run(make_schedule())

    outcomes = at_once([partial(claim, run, f"worker-{number}") for number in range(8)])

    assert sum(isinstance(outcome, Claimed) for outcome in outcomes) == 1
    assert outcomes.count(NotClaimed.NOT_PENDING) == 7
    assert Schedule.objects.get().trigger_count == 1


def test_recovery_by_many_beats_returns_a_lost_run_once() -> None:
    run = make_run(make_schedule())
    claim(run)
    later = NOON + timedelta(minutes=1)

    recovered = at_once([lambda: leases.take_back_expired(later, 10)] * 4)
    taken = at_once([lambda: recovering.take_for_redispatch(later, LEASE, 10)] * 4)

    assert sum(recovered) == 1
    assert sorted(map(len, taken)) == [0, 0, 0, 1]
    assert Run.objects.get().attempt == 2


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("change", "reason"),
    [({"expression": "0 0 10 * * *"}, "stale_generation"), ({"is_active": False}, "schedule_inactive")],
)
def test_a_claim_waits_for_an_edit_and_then_starts_nothing(
    change: editing.ScheduleChanges, reason: str
) -> None:
    run = make_run(make_schedule())

    with open_transaction(lambda: editing.update(run.schedule_id, change, "apk_x", NOON)):
        waiting = elsewhere(lambda: claim(run))
        outcome = waiting.__enter__()
        wait_until_blocked()
        assert not outcome.done()

    assert outcome.result(timeout=10) in (NotClaimed.DISCARDED, NotClaimed.NOT_PENDING)
    run.refresh_from_db()
    assert (run.state, run.reason) == (RunState.DISCARDED, reason)
    assert Schedule.objects.get().trigger_count == 0
    waiting.__exit__(None, None, None)


@pytest.mark.postgresql
def test_an_edit_waits_for_a_claim_that_came_first() -> None:
    run = make_run(make_schedule())

    with open_transaction(lambda: claim(run)):
        editing_elsewhere = elsewhere(
            lambda: editing.update(run.schedule_id, {"expression": "0 0 10 * * *"}, "apk_x", NOON)
        )
        edited = editing_elsewhere.__enter__()
        wait_until_blocked()
        assert not edited.done()

    assert edited.result(timeout=10).generation == 2
    run.refresh_from_db()
    assert run.state == RunState.RUNNING
    schedule = Schedule.objects.get()
    assert (schedule.trigger_count, schedule.last_triggered_at) == (0, NOON)
    editing_elsewhere.__exit__(None, None, None)


@pytest.mark.postgresql
@pytest.mark.parametrize("change", ["delete", "pause"])
def test_a_trigger_waits_for_a_delete_or_pause_and_is_then_refused(change: str) -> None:
    schedule = make_schedule()

    def hold() -> None:
        if change == "delete":
            editing.delete(schedule.id, "apk_x", NOON)
        else:
            editing.update(schedule.id, {"is_active": False}, "apk_x", NOON)

    with open_transaction(hold):
        triggering = elsewhere(lambda: run_now.trigger(schedule.id, NOON))
        outcome = triggering.__enter__()
        wait_until_blocked()

    assert isinstance(outcome.exception(timeout=10), ScheduleNotFound | ScheduleInactive)
    assert not Run.objects.exists()
    triggering.__exit__(None, None, None)


@pytest.mark.postgresql
def test_a_beat_passes_over_a_schedule_that_is_being_edited() -> None:
    edited, other = make_due_schedule(), make_due_schedule()

    with open_transaction(lambda: editing.update(edited.id, {"display_name": "x"}, "apk_x", NOON)):
        assert fire(NOON, 10) == 1

    assert Run.objects.get().schedule_id == other.id
    assert fire(NOON, 10) == 1


@pytest.mark.postgresql
def test_a_beat_passes_over_a_message_that_another_sends_again() -> None:
    make_run(make_schedule())

    with open_transaction(lambda: recovering.take_for_redispatch(NOON, LEASE, 10)):
        assert recovering.take_for_redispatch(NOON, LEASE, 10) == []


@pytest.mark.postgresql
def test_an_edit_waits_for_the_beat_that_has_taken_the_schedule() -> None:
    schedule = make_schedule()
    due_at = schedule.next_fire_at
    assert due_at is not None
    editing_now: ExitStack = ExitStack()
    edits: list[Future[Schedule]] = []

    def edit_meanwhile(execute: Execute, sql: str, *arguments: Any) -> Any:
        if "INSERT INTO schedules_run" in sql and not edits:
            change: editing.ScheduleChanges = {"expression": "0 0 10 * * *"}
            edit = elsewhere(lambda: editing.update(schedule.id, change, "apk_x", due_at))
            edits.append(editing_now.enter_context(edit))
            with elsewhere(wait_until_blocked) as blocked:
                blocked.result(timeout=15)
        return execute(sql, *arguments)

    with editing_now, connection.execute_wrapper(edit_meanwhile):
        assert fire(due_at, 10) == 1

    edited = edits[0].result(timeout=10)
    assert (edited.generation, edited.next_fire_at) == (2, due_at + timedelta(hours=1))
    schedule.refresh_from_db()
    assert schedule.next_fire_at == edited.next_fire_at
    assert list(Run.objects.values_list("generation", "fire_time")) == [(1, due_at)]
    assert not MissedFiring.objects.exists()


@pytest.mark.postgresql
def test_a_beat_leaves_the_last_firing_of_a_schedule_that_is_held_to_the_next_tick() -> None:
    ending, other = (
        make_due_schedule(),
        make_schedule(expression="0 0 12 * * *", now=NOON - timedelta(hours=1)),
    )
    run = make_run(ending)

    with open_transaction(lambda: claim(run)):
        assert fire(NOON, 1) == 0, "nothing to be done before the next tick"
        assert fire(NOON, 10) == 2
        assert set(Run.objects.filter(fire_time=NOON).values_list("schedule_id", flat=True)) == {other.id}

    assert fire(NOON, 10) == 1
    assert Run.objects.filter(schedule=ending, fire_time=NOON).exists()
    ending.refresh_from_db()
    assert (ending.is_finished, ending.next_fire_at) == (True, None)


@pytest.mark.postgresql
def test_a_claim_does_not_keep_a_schedule_from_firing() -> None:
    schedule = make_schedule(expression="0 0 12 * * *", now=NOON - timedelta(hours=1))
    run = make_run(schedule)

    with open_transaction(lambda: claim(run)):
        assert fire(NOON, 10) == 1
        assert Run.objects.filter(fire_time=NOON).exists()


def test_edits_at_once_lose_nothing_and_count_each_change_of_cadence() -> None:
    schedule = make_schedule()
    expressions = [f"0 {minute} 9 * * *" for minute in range(1, 11)]

    def edit(expression: str) -> None:
        editing.update(schedule.id, {"expression": expression}, "apk_x", NOON)

    at_once([partial(edit, text) for text in expressions])

    schedule.refresh_from_db()
    assert schedule.generation == 11
    assert schedule.expression in expressions


def test_cancelling_and_finishing_at_once_have_one_winner() -> None:
    for _ in range(5):
        run = make_run(make_schedule(make_agent()))
        claim(run)

        cancelled, succeeded = at_once(
            [lambda: transitions.cancel(run.id, NOON), lambda: finishing.succeed(run.id, 1, NOON)]  # noqa: B023
        )

        assert cancelled != succeeded
        run.refresh_from_db()
        assert run.state == (RunState.CANCELLED if cancelled else RunState.SUCCEEDED)


def test_a_crash_before_the_commit_leaves_the_schedule_due(monkeypatch: pytest.MonkeyPatch) -> None:
    make_due_schedule()
    batch = due.fire_batch()

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    class CrashingBatch:
        take_due = batch.take_due

        def record(self, *arguments: Any, ignore_existing: bool) -> None:
            batch.record(*arguments, ignore_existing=ignore_existing)
            crash()

    monkeypatch.setattr(due, "fire_batch", CrashingBatch)
    with pytest.raises(KeyboardInterrupt):
        fire(NOON, 10)
    monkeypatch.undo()

    assert not Run.objects.exists()
    assert fire(NOON, 10) == 1


def test_a_run_that_many_run_again_at_once_is_run_again_once() -> None:
    failed = make_run(make_schedule(), state=RunState.FAILED)

    def run_again() -> Run | RunNotRetryable:
        try:
            return run_now.run_again(failed.id, NOON)
        except RunNotRetryable as refusal:
            return refusal

    outcomes = at_once([run_again] * 6)

    [new] = [outcome for outcome in outcomes if isinstance(outcome, Run)]
    assert list(Run.objects.exclude(id=failed.id).values_list("id", flat=True)) == [new.id]
