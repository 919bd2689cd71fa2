"""Old history goes, and nothing else."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from ulid import ULID

from schedules import agents, editing
from schedules.database.ulids import lowest_ulid_at
from schedules.models import Agent, MissedFiring, Run, RunAttempt, RunState, Schedule
from schedules.retention import prune
from tests.factories import NOON, make_agent, make_run, make_schedule

pytestmark = pytest.mark.django_db

MONTH = timedelta(days=30)


def ulid_at(days_ago: float) -> str:
    return str(ULID.from_datetime(NOON - timedelta(days=days_ago)))


def test_finished_runs_past_their_retention_go_and_all_others_stay() -> None:
    schedule = make_schedule()
    for days_ago in (31, 29):
        make_run(schedule, id=ulid_at(days_ago), state=RunState.SUCCEEDED)
    waiting = make_run(schedule, id=ulid_at(31.5))

    assert prune(NOON, MONTH) == 1

    assert set(Run.objects.values_list("id", flat=True)) > {waiting.id}
    assert Run.objects.count() == 2


def test_a_deleted_agent_goes_after_its_last_schedule() -> None:
    schedule = make_schedule(now=NOON - timedelta(days=40))
    run = make_run(schedule, id=ulid_at(29), state=RunState.SUCCEEDED)
    live = make_agent(key="live")
    agents.delete(schedule.agent_id, NOON - timedelta(days=31))
    editing.delete(schedule.id, "apk_x", NOON - timedelta(days=31))

    prune(NOON, MONTH)
    assert Agent.objects.filter(id=schedule.agent_id).exists()
    run.delete()
    prune(NOON, MONTH)

    assert list(Agent.objects.all()) == [live]


def test_a_deleted_schedule_goes_when_its_history_has_gone() -> None:
    emptied, remembered, live = (make_schedule(now=NOON - timedelta(days=40)) for _ in range(3))
    for schedule in (emptied, remembered):
        editing.delete(schedule.id, "apk_x", NOON - timedelta(days=31))
    make_run(emptied, id=ulid_at(31), state=RunState.FAILED)
    make_run(remembered, id=ulid_at(1), state=RunState.FAILED)

    prune(NOON, MONTH)

    assert set(Schedule.objects.values_list("id", flat=True)) == {remembered.id, live.id}


def test_what_goes_of_manual_runs_is_noted_at_their_schedule() -> None:
    schedule, other = make_schedule(), make_schedule()
    for number, days_ago in enumerate((33, 32, 31, 29), 1):
        make_run(schedule, id=ulid_at(days_ago), state=RunState.SUCCEEDED, manual_number=number)
    make_run(schedule, id=ulid_at(34), state=RunState.SUCCEEDED)
    make_run(other, id=ulid_at(34.5), state=RunState.SUCCEEDED)
    retried = make_run(other, id=ulid_at(35), state=RunState.SUCCEEDED, attempt=2, manual_number=1)
    attempts = {"ended_at": NOON, "outcome": "failed", "error_code": "x"}
    RunAttempt.objects.create(run=retried, number=1, **attempts)

    assert prune(NOON, MONTH) == 6

    pruned = dict(Schedule.objects.values_list("id", "pruned_manual_count"))
    assert pruned == {schedule.id: 3, other.id: 1}
    assert not RunAttempt.objects.exists()


def test_records_of_missed_fire_times_go_too() -> None:
    for days_ago in (31, 29):
        at = NOON - timedelta(days=days_ago)
        MissedFiring.objects.create(
            schedule=make_schedule(),
            generation=1,
            first_fire_time=at,
            last_fire_time=at,
            count=1,
            reason="coalesced",
            recorded_at=at,
        )

    prune(NOON, MONTH)

    assert MissedFiring.objects.count() == 1


def test_more_than_a_batch_is_pruned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schedules.retention.BATCH", 3)
    schedule = make_schedule()
    for _ in range(8):
        make_run(schedule, id=ulid_at(40), state=RunState.DISCARDED)

    assert prune(NOON, MONTH) == 8


def test_no_batch_reads_what_an_earlier_one_has_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schedules.retention.BATCH", 2)
    schedule = make_schedule()
    runs = [make_run(schedule, id=ulid_at(40 - day), state=RunState.SUCCEEDED) for day in range(5)]

    with CaptureQueriesContext(connection) as queries:
        prune(NOON, MONTH)

    reads = [
        query["sql"] for query in queries if "schedules_run" in query["sql"] and "ORDER BY" in query["sql"]
    ]
    begins = [read.split('"id" > ')[1].split()[0].strip("'") for read in reads]
    assert begins == ["", runs[1].id, runs[3].id, runs[4].id]


def test_the_lowest_ulid_of_an_instant_sorts_below_all_of_that_instant() -> None:
    before, after = NOON - timedelta(milliseconds=1), NOON

    assert str(ULID.from_datetime(before)) < lowest_ulid_at(NOON) <= str(ULID.from_datetime(after))
