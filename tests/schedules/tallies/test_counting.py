"""Whatever ends a run counts it, once, with what came of it; beats fold, and an audit recounts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from schedules import editing, tallies
from schedules.firing.due import fire_due
from schedules.ledger import Problem, audit
from schedules.models import (
    DiscardReason,
    HourTally,
    Run,
    RunState,
    TallyDelta,
    TallyTotal,
)
from schedules.runs import finishing, leases, transitions
from schedules.runs.claimed import Claimed
from schedules.runs.claiming import claim
from tests.factories import NOON, make_agent, make_run, make_schedule
from workers.runtimes.base import CallFailed

pytestmark = pytest.mark.django_db
LEASE = timedelta(seconds=15)
SECOND = timedelta(seconds=1)


def tallied() -> dict[tuple[str, str, str], int]:
    """(state, reason, trigger) → runs, once all is folded."""
    while tallies.fold():
        pass
    return {(tally.state, tally.reason, tally.trigger): tally.run_count for tally in HourTally.objects.all()}


def started(run: Run, at: Any = NOON) -> Claimed:
    claimed = claim(run.id, run.generation, "w", at, LEASE)
    assert isinstance(claimed, Claimed)
    return claimed


def failing(code: str = "agent_failed", *, is_retryable: bool = False) -> CallFailed:
    return CallFailed(code, "It failed", is_retryable=is_retryable)


def succeed() -> None:
    claimed = started(make_run(make_schedule()))
    assert finishing.succeed(claimed.run_id, 1, NOON + SECOND)


def fail() -> None:
    assert finishing.fail(started(make_run(make_schedule())), failing(), NOON + SECOND) == RunState.FAILED


def cancel_running() -> None:
    assert transitions.cancel(started(make_run(make_schedule())).run_id, NOON + SECOND)


def cancel_waiting() -> None:
    assert transitions.cancel(make_run(make_schedule()).id, NOON)


def lose() -> None:
    run = make_run(make_schedule(make_agent(max_attempts=1)))
    started(run)
    assert leases.take_back_expired(NOON + 2 * LEASE, 10) == 1


def discard() -> None:
    assert transitions.discard(make_run(make_schedule()).id, DiscardReason.STALE_GENERATION, NOON)


def pause() -> None:
    schedule = make_schedule()
    make_run(schedule)
    editing.update(schedule.id, {"is_active": False}, "apk_x", NOON)


def delete() -> None:
    schedule = make_schedule()
    make_run(schedule)
    editing.delete(schedule.id, "apk_x", NOON)


def replace() -> None:
    """A newer firing takes a late run's place."""
    hourly = make_schedule(expression="0 0 * * * *", now=NOON)
    fire_due(NOON + timedelta(hours=1, minutes=30), 10)
    fire_due(NOON + timedelta(hours=2, minutes=1), 10)
    assert Run.objects.filter(schedule=hourly).count() == 2


ENDS: list[tuple[Callable[[], None], tuple[str, str, str]]] = [
    (succeed, ("succeeded", "", "manual")),
    (fail, ("failed", "agent_failed", "manual")),
    (cancel_running, ("cancelled", "cancelled_by_person", "manual")),
    (cancel_waiting, ("cancelled", "cancelled_by_person", "manual")),
    (lose, ("failed", "worker_lost", "manual")),
    (discard, ("discarded", "stale_generation", "manual")),
    (pause, ("discarded", "schedule_inactive", "manual")),
    (delete, ("discarded", "schedule_deleted", "manual")),
    (replace, ("discarded", "coalesced", "late")),
]


@pytest.mark.parametrize(("end", "counted"), ENDS, ids=[end.__name__ for end, _ in ENDS])
def test_each_way_to_end_is_counted_once(end: Callable[[], None], counted: tuple[str, str, str]) -> None:
    end()

    assert tallied() == {counted: 1}
    assert TallyDelta.objects.count() == 0
    assert list(tallies.differences(NOON - timedelta(days=1))) == []


def test_what_has_not_ended_is_not_counted() -> None:
    started(make_run(make_schedule()))
    make_run(make_schedule())
    retried = started(make_run(make_schedule()))
    finishing.fail(retried, failing(is_retryable=True), NOON)

    assert tallied() == {}


def test_a_change_that_is_taken_back_counts_nothing() -> None:
    claimed = started(make_run(make_schedule()))

    with transaction.atomic():
        finishing.succeed(claimed.run_id, 1, NOON)
        transaction.set_rollback(True)

    assert tallied() == {}


def test_an_ended_run_is_not_counted_again() -> None:
    claimed = started(make_run(make_schedule()))
    finishing.succeed(claimed.run_id, 1, NOON)
    Run.objects.update(error_message="x")
    Run.objects.update(state="failed")

    assert tallied() == {("succeeded", "", "manual"): 1}


def test_missed_fire_times_are_counted_by_their_number() -> None:
    make_schedule(expression="0 0 * * * *", now=NOON)

    fire_due(NOON + timedelta(hours=5, minutes=30), 10)

    assert tallied() == {("missed", "coalesced", "cadence"): 4}
    assert list(tallies.differences(NOON - timedelta(days=1))) == []


def test_each_run_counts_by_what_asked_for_it() -> None:
    schedule = make_schedule()
    for fields in (
        {"trigger": "cadence", "fire_time": NOON},
        {"trigger": "cadence", "fire_time": NOON + SECOND, "is_misfire": True},
        {},
        {"again_of": "x"},
    ):
        transitions.discard(make_run(schedule, **fields).id, DiscardReason.STALE_GENERATION, NOON)

    assert {trigger for _, _, trigger in tallied()} == {"cadence", "late", "manual", "again"}


def test_the_hour_is_the_one_in_which_the_run_was_due() -> None:
    schedule = make_schedule()
    almost = NOON + timedelta(minutes=59, seconds=50)
    for fields in (
        {"created_at": almost - SECOND},
        {"created_at": almost},
        {"trigger": "cadence", "fire_time": NOON - SECOND, "created_at": NOON + SECOND},
    ):
        transitions.cancel(make_run(schedule, **fields).id, NOON + timedelta(days=3))

    tallied()
    hours = sorted(HourTally.objects.values_list("hour", "run_count"))
    assert hours == [(NOON + timedelta(hours=hour), 1) for hour in (-1, 0, 1)]


def test_lateness_and_the_length_of_each_attempt_are_counted_in_buckets() -> None:
    run = make_run(make_schedule(make_agent(max_attempts=3)))
    due_at = NOON + timedelta(seconds=10)
    first = started(run, due_at + timedelta(milliseconds=1500))
    finishing.fail(first, failing(is_retryable=True), first.started_at + 7 * SECOND)
    Run.objects.update(not_before=due_at)
    second = started(run, due_at + 20 * SECOND)
    finishing.succeed(run.id, 2, due_at + timedelta(minutes=5))

    tallied()
    tally = HourTally.objects.values().get()
    assert second.attempt == 2
    assert (tally["run_count"], tally["lateness_count"], tally["lateness_sum"]) == (1, 1, 1500)
    assert tally["lateness_to_2500"] == 1
    assert (tally["duration_count"], tally["duration_sum"]) == (2, 287_000)
    assert (tally["duration_to_10000"], tally["duration_to_300000"]) == (1, 1)
    assert (tally["attempts_failed"], tally["attempts_succeeded"], tally["attempts_lost"]) == (1, 1, 0)


def test_a_lost_attempt_is_told_from_a_failed_one() -> None:
    lose()

    tallied()
    assert HourTally.objects.values_list("attempts_lost", "attempts_failed").get() == (1, 0)


def test_a_run_of_an_old_process_counts_for_its_schedules_agent() -> None:
    schedule = make_schedule()
    run = make_run(schedule, agent_id=None, workspace_id=None)
    transitions.cancel(run.id, NOON)

    tallied()
    owner = HourTally.objects.values_list("workspace_id", "agent_id").get()
    assert owner == (schedule.workspace_id, schedule.agent_id)


def test_tokens_that_nobody_has_counted_are_not_zero() -> None:
    agent = make_agent()
    silent, telling = (started(make_run(make_schedule(agent))) for _ in range(2))
    finishing.succeed(silent.run_id, 1, NOON)
    tallied()
    assert HourTally.objects.values_list("input_tokens", "cost").get() == (None, None)

    finishing.succeed(telling.run_id, 1, NOON, input_tokens=12, output_tokens=0)

    tallied()
    tally = HourTally.objects.values().get()
    assert (tally["run_count"], tally["input_tokens"], tally["output_tokens"]) == (2, 12, 0)
    assert (tally["cached_tokens"], tally["cost"], tally["unpriced_count"]) == (None, None, 1)


def test_totals_outlive_the_hours() -> None:
    succeed()
    tallied()

    assert tallies.prune(NOON + timedelta(days=401)) == 1
    assert TallyTotal.objects.values_list("state", "run_count").get() == ("succeeded", 1)
    assert not HourTally.objects.exists()


def test_an_hour_is_kept_for_thirteen_months() -> None:
    succeed()
    tallied()

    assert tallies.prune(NOON + timedelta(days=399)) == 0


def test_several_folds_add_up() -> None:
    agent = make_agent()
    for _ in range(5):
        finishing.succeed(started(make_run(make_schedule(agent))).run_id, 1, NOON)

    assert [tallies.fold(2) for _ in range(4)] == [2, 2, 1, 0]
    assert TallyTotal.objects.values_list("run_count").get() == (5,)


def test_an_audit_says_where_a_tally_differs_from_its_runs() -> None:
    succeed()
    succeed()
    tallied()
    assert audit(NOON + timedelta(minutes=1)).is_clean

    HourTally.objects.filter(id=HourTally.objects.values("id")[:1]).update(run_count=3)

    [finding] = audit(NOON + timedelta(minutes=1)).findings
    assert finding.problem == Problem.TALLY
    assert "run_count is 2 too high" in str(finding)


def test_an_audit_counts_what_is_not_folded_yet() -> None:
    succeed()

    assert TallyDelta.objects.exists()
    assert audit(NOON + timedelta(minutes=1)).is_clean


def test_a_lost_delta_is_found() -> None:
    succeed()
    TallyDelta.objects.all().delete()

    [finding] = audit(NOON + timedelta(minutes=1)).findings
    assert finding.problem == Problem.TALLY


def test_runs_that_retention_has_deleted_stay_counted() -> None:
    succeed()
    tallied()
    Run.objects.all().delete()

    assert not list(tallies.differences(NOON + timedelta(hours=1)))
    assert TallyTotal.objects.exists()


@pytest.mark.postgresql
@pytest.mark.parametrize("value", ["infinity", "-infinity", "294000-01-01"])
def test_a_run_that_is_due_at_no_time_at_all_ends_and_is_not_counted(value: str) -> None:
    run = make_run(make_schedule(), trigger="cadence", fire_time=NOON)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE schedules_run SET fire_time = %s", [value])

    assert transitions.discard(run.id, DiscardReason.STALE_GENERATION, NOON)

    assert tallied() == {}
    assert list(tallies.differences(NOON - timedelta(days=1))) == []
