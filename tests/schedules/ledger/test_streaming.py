"""The recount while others go on, over chunks of schedules, and in a memory that no history can fill."""

import re
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from schedules import editing
from schedules.database.ulids import lowest_ulid_at
from schedules.ledger import Audit, Finding, Problem, audit, rows
from schedules.models import CadenceEpoch, MissedFiring, NextFire, Run, RunState, Schedule, TriggerKind
from tests.factories import NOON, make_agent, make_run, make_schedule
from tests.firing import fire

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
READS_A_CHUNK = re.compile('schedule_id" IN|"schedules_schedule"."id" > ')


def hourly() -> Schedule:
    """Fires at each full hour; first at NOON."""
    return make_schedule(expression="0 0 * * * *", now=NOON - HOUR / 2)


def problems_of(result: Audit) -> list[tuple[Problem, float]]:
    return [(found.problem, (found.instant - NOON) / HOUR) for found in result.findings if found.instant]


def fire_hours(count: int) -> None:
    for hour in range(count):
        fire(NOON + hour * HOUR, 1000)


def make_history(instants: int) -> None:
    """One schedule that fired so often, and each time on time."""
    schedule = hourly()
    times = [NOON + hour * HOUR for hour in range(instants)]
    Run.objects.bulk_create(
        (
            Run(
                id=lowest_ulid_at(at),
                schedule=schedule,
                generation=1,
                trigger=TriggerKind.CADENCE,
                fire_time=at,
                not_before=at,
                redispatch_at=at,
                state=RunState.SUCCEEDED,
            )
            for at in times
        ),
        batch_size=500,
    )
    NextFire.objects.update(fire_time=NOON + instants * HOUR)


def meanwhile(monkeypatch: pytest.MonkeyPatch, happen: Callable[[], object]) -> None:
    """Let something happen after the audit has read the epochs and before it reads their records."""
    epochs = rows._epochs

    def read_and_wait(*args: object) -> Iterator[rows.Row]:
        yield from list(epochs(*args))  # type: ignore[arg-type]  # passed on

    def runs_after(*args: object) -> Iterator[rows.Row]:
        happen()
        yield from runs(*args)  # type: ignore[arg-type]  # passed on

    runs = rows._runs
    monkeypatch.setattr(rows, "_epochs", read_and_wait)
    monkeypatch.setattr(rows, "_runs", runs_after)


def test_what_a_beat_fires_meanwhile_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    hourly()
    fire_hours(2)
    meanwhile(monkeypatch, lambda: fire(NOON + 5 * HOUR, 10))

    result = audit(NOON + 5 * HOUR)

    assert (result.expected_count, problems_of(result)) == (2, [])


def test_what_is_fired_between_the_moment_and_the_reading_is_left_out() -> None:
    hourly()
    fire_hours(3)

    result = audit(NOON + 1.5 * HOUR)

    assert (result.expected_count, problems_of(result)) == (2, [])


def test_an_epoch_that_is_closed_meanwhile_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    schedule = hourly()
    fire_hours(1)
    meanwhile(
        monkeypatch,
        lambda: editing.update(schedule.id, {"is_active": False}, "apk_x", NOON + 3.5 * HOUR),
    )

    assert audit(NOON + 4 * HOUR).is_clean


def test_a_generation_that_begins_and_fires_meanwhile_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    schedule = hourly()
    fire_hours(1)

    def change_and_fire() -> None:
        editing.update(schedule.id, {"expression": "0 30 * * * *"}, "apk_x", NOON + HOUR / 4)
        fire(NOON + HOUR / 2, 10)

    meanwhile(monkeypatch, change_and_fire)

    assert audit(NOON + HOUR).is_clean


def test_records_of_a_generation_without_an_epoch_are_extra() -> None:
    schedule = hourly()
    fire_hours(2)
    CadenceEpoch.objects.filter(schedule=schedule).delete()

    assert problems_of(audit(NOON + HOUR)) == [(Problem.EXTRA, 0.0), (Problem.EXTRA, 1.0)]


def test_a_record_that_covers_no_instant_is_miscounted() -> None:
    schedule = hourly()
    fire_hours(6)
    at = NOON + 1.5 * HOUR
    MissedFiring.objects.create(
        schedule=schedule, generation=1, first_fire_time=at, last_fire_time=at, count=1, reason="coalesced"
    )

    assert problems_of(audit(NOON + 5 * HOUR)) == [(Problem.MISCOUNTED, 1.5)]


def test_overlapping_records_are_told_instant_by_instant() -> None:
    schedule = hourly()
    fire(NOON + 4 * HOUR, 10)
    MissedFiring.objects.create(
        schedule=schedule,
        generation=1,
        first_fire_time=NOON + 2 * HOUR,
        last_fire_time=NOON + 4 * HOUR,
        count=3,
        reason="coalesced",
    )

    duplicates = [(Problem.DUPLICATE, float(hour)) for hour in (2, 3, 4)]
    assert problems_of(audit(NOON + 4 * HOUR)) == duplicates


def test_chunks_end_anywhere_and_nothing_is_read_twice_or_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    schedules = [hourly() for _ in range(7)]
    fire_hours(3)
    for schedule in schedules[:4]:
        editing.update(schedule.id, {"expression": "0 30 * * * *"}, "apk_x", NOON + 2.1 * HOUR)
    fire(NOON + 2.5 * HOUR, 10)
    Run.objects.filter(schedule=schedules[5], fire_time=NOON).delete()

    for size in (1, 2, 3, 7, 500):
        monkeypatch.setattr(rows, "SCHEDULES_AT_ONCE", size)
        result = audit(NOON + 2.6 * HOUR)

        assert (result.expected_count, result.accounted_count) == (7 * 3 + 4, 7 * 3 + 4 - 1)
        assert result.findings == [Finding(schedules[5].id, 1, NOON, Problem.GAP)]


def test_the_queries_grow_with_chunks_of_schedules_and_not_with_epochs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    agent = make_agent()
    for _ in range(20):
        make_schedule(agent, NOON)
    monkeypatch.setattr(rows, "SCHEDULES_AT_ONCE", 10)

    with CaptureQueriesContext(connection) as queries:
        audit(NOON + HOUR)

    recounting = [query for query in queries if READS_A_CHUNK.search(query["sql"])]
    assert len(recounting) == 2 * (1 + 3) + 1


def test_a_long_history_takes_no_more_memory_than_a_short_one() -> None:
    make_history(10_000)

    tracemalloc.start()
    try:
        result = audit(NOON + 10_000 * HOUR)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert (result.expected_count, result.is_clean) == (10_000, True)
    assert peak < 3_000_000  # 2,000 rows at a time, not 10,000


def test_findings_are_all_counted_and_as_many_kept_as_wanted() -> None:
    hourly()
    fire_hours(6)
    make_run(Schedule.objects.get(), trigger=TriggerKind.CADENCE, fire_time=NOON + HOUR / 3)
    Run.objects.filter(fire_time__gt=NOON + HOUR).delete()

    result = audit(NOON + 5 * HOUR, most_findings=2)

    assert (result.finding_count, len(result.findings), result.is_clean) == (5, 2, False)
    assert audit(NOON + 5 * HOUR).findings[:2] == result.findings
