"""The clock comes due: exactly one run per fire time, on both databases by the same tests."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from pytest_django import Settings

from schedules import editing
from schedules.firing import due
from schedules.firing.batch import FireBatch
from schedules.firing.due import fire_batch as unpatched_fire_batch
from schedules.firing.portable import PortableFireBatch
from schedules.firing.postgresql import PostgresqlFireBatch
from schedules.messages import dispatch
from schedules.models import MissedFiring, NextFire, Run, RunState, Schedule, TriggerKind
from schedules.runs import claiming, finishing
from schedules.runs.claimed import Claimed
from tests.factories import NOON, make_agent, make_due_schedule, make_run, make_schedule
from tests.firing import fire
from tests.messages import queued
from workers.runtimes.base import CallFailed

pytestmark = pytest.mark.django_db(transaction=True)

SECOND = timedelta(seconds=1)


@pytest.fixture(
    autouse=True,
    params=[
        pytest.param(PortableFireBatch, id="portable"),
        pytest.param(PostgresqlFireBatch, id="postgresql", marks=pytest.mark.postgresql),
    ],
)
def twin(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> object:
    """Every test of this file holds for both twins."""
    monkeypatch.setattr(due, "fire_batch", request.param)
    return request.param


def hourly(now: datetime = NOON - timedelta(minutes=30)) -> Schedule:
    """Fires at each full hour; first at NOON."""
    return make_schedule(type="cron", expression="0 0 * * * *", now=now)


def rewrite(schedule: Schedule, **cadence: str) -> None:
    """As a service of another version may have written it."""
    Schedule.objects.filter(id=schedule.id).update(**cadence)
    NextFire.objects.filter(schedule=schedule).update(**cadence)


def test_the_twin_is_chosen_by_the_database() -> None:
    twin: FireBatch = unpatched_fire_batch()

    assert isinstance(twin, PostgresqlFireBatch) == (connection.vendor == "postgresql")


def test_a_due_schedule_gets_one_run_and_its_next_fire_time(valkey: redis.Redis) -> None:
    schedule = hourly()

    assert fire(NOON, 10) == 1
    assert fire(NOON, 10) == 0

    run = Run.objects.get()
    assert (run.schedule_id, run.generation, run.trigger) == (schedule.id, 1, TriggerKind.CADENCE)
    assert (run.fire_time, run.not_before, run.state, run.attempt) == (NOON, NOON, RunState.PENDING, 1)
    assert run.is_misfire is False
    schedule.refresh_from_db()
    assert schedule.next_fire_at == NOON + timedelta(hours=1)
    assert (schedule.trigger_count, schedule.generation) == (0, 1)
    assert queued(valkey) == [(dispatch.EXECUTE_RUN, [run.id, 1])]


def test_nothing_fires_before_its_time() -> None:
    hourly()

    assert fire(NOON - timedelta(microseconds=1), 10) == 0
    assert not Run.objects.exists()


def test_paused_and_deleted_schedules_do_not_fire() -> None:
    paused, deleted = hourly(), hourly()
    editing.update(paused.id, {"is_active": False}, "apk_x", NOON)
    editing.delete(deleted.id, "apk_x", NOON)

    assert fire(NOON, 10) == 0


def test_a_once_fires_and_switches_itself_off() -> None:
    schedule = make_due_schedule()

    fire(NOON, 10)

    schedule.refresh_from_db()
    assert (schedule.is_active, schedule.is_finished, schedule.next_fire_at) == (False, True, None)
    assert Run.objects.get().fire_time == NOON


def test_after_an_outage_the_newest_fire_time_gets_the_run_and_the_others_are_recorded() -> None:
    schedule = hourly()
    late = NOON + timedelta(hours=3, minutes=10)

    fire(late, 10)

    run, missed = Run.objects.get(), MissedFiring.objects.get()
    assert (run.fire_time, run.is_misfire) == (NOON + timedelta(hours=3), True)
    assert (missed.first_fire_time, missed.last_fire_time) == (NOON, NOON + timedelta(hours=2))
    assert (missed.count, missed.generation, missed.reason) == (3, 1, "coalesced")
    schedule.refresh_from_db()
    assert schedule.next_fire_at == NOON + timedelta(hours=4)


def test_an_interval_stays_on_its_beat_after_an_outage() -> None:
    schedule = make_schedule(type="interval", expression="@every 1h30m")

    fire(NOON + timedelta(hours=10), 10)

    schedule.refresh_from_db()
    assert Run.objects.get().fire_time == NOON + timedelta(hours=9)
    assert MissedFiring.objects.get().count == 5
    assert schedule.next_fire_at == NOON + timedelta(hours=10.5)


def test_a_firing_noticed_late_is_marked_even_when_nothing_was_skipped() -> None:
    hourly()

    fire(NOON + timedelta(minutes=5), 10)

    assert Run.objects.get().is_misfire is True
    assert not MissedFiring.objects.exists()


def test_a_fire_time_that_has_a_run_keeps_it() -> None:
    schedule = hourly()
    first = make_run(schedule, trigger=TriggerKind.CADENCE, fire_time=NOON)

    other = hourly()

    assert fire(NOON, 10) == 2

    assert Run.objects.get(schedule=schedule).id == first.id
    assert Run.objects.filter(schedule=other, fire_time=NOON).exists()
    schedule.refresh_from_db()
    assert schedule.next_fire_at == NOON + timedelta(hours=1)
    schedule.refresh_from_db()
    assert schedule.next_fire_at == NOON + timedelta(hours=1)


def test_a_missed_record_that_is_there_is_kept() -> None:
    schedule = hourly()
    facts = {"first_fire_time": NOON, "last_fire_time": NOON, "count": 1, "reason": "replaced"}
    MissedFiring.objects.create(schedule=schedule, generation=1, recorded_at=NOON, **facts)

    fire(NOON + timedelta(hours=1), 10)

    assert MissedFiring.objects.get().reason == "replaced"
    assert Run.objects.get().fire_time == NOON + timedelta(hours=1)


def test_the_database_itself_refuses_a_second_run_of_a_fire_time() -> None:
    schedule = hourly()
    make_run(schedule, trigger=TriggerKind.CADENCE, fire_time=NOON)

    with pytest.raises(IntegrityError), transaction.atomic():
        make_run(schedule, trigger=TriggerKind.CADENCE, fire_time=NOON)


def test_a_batch_is_limited_and_takes_the_earliest_first() -> None:
    later, earlier = make_due_schedule(due_at=NOON), make_due_schedule(due_at=NOON - SECOND)

    assert fire(NOON, 1) == 1
    assert Run.objects.get().schedule_id == earlier.id
    assert fire(NOON, 1) == 1
    assert Run.objects.filter(schedule=later).exists()


@pytest.mark.parametrize(("type_", "expression"), [("interval", "@every 1ns"), ("cron", "* * * * * *")])
def test_a_cadence_far_too_dense_is_suspended_and_stops_no_other(type_: str, expression: str) -> None:
    dense, healthy = hourly(NOON - timedelta(days=30)), hourly()
    rewrite(dense, type=type_, expression=expression)

    assert fire(NOON, 10) == 2

    assert Run.objects.get().schedule_id == healthy.id


@pytest.mark.parametrize("change", [{"is_active": False}, {"expression": "0 0 10 * * *"}, None])
def test_a_schedule_whose_cadence_raises_can_be_mended_paused_and_deleted(
    change: editing.ScheduleChanges | None,
) -> None:
    schedule = hourly()
    rewrite(schedule, expression="not an expression")

    if change is None:
        editing.delete(schedule.id, "apk_x", NOON)
    else:
        editing.update(schedule.id, change, "apk_x", NOON)

    missed = MissedFiring.objects.get()
    assert (missed.first_fire_time, missed.count) == (NOON, 1)


def test_a_schedule_whose_cadence_raises_is_suspended_and_stops_no_other() -> None:
    poison, healthy = hourly(), hourly()
    rewrite(poison, expression="not an expression")

    assert fire(NOON, 10) == 2
    assert fire(NOON, 10) == 0

    assert Run.objects.get().schedule_id == healthy.id
    poison.refresh_from_db()
    assert (poison.next_fire_at, poison.is_active) == (NOON, True)

    rewrite(poison, expression="0 0 * * * *")
    mended = NOON + due.POISON_PAUSE
    fire(mended, 10)

    assert Run.objects.get(schedule=poison).fire_time == NOON
    poison.refresh_from_db()
    assert poison.suspended_until is None


@pytest.mark.postgresql
def test_only_firings_do_not_wait_for_the_disk(twin: object) -> None:
    waits: list[str] = []

    def look(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        answer = execute(sql, *arguments)
        if "INSERT INTO" in sql and "schedules_run" in sql:
            waits.append(_waits_for_the_disk())
        return answer

    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO on")
    hourly()
    with connection.execute_wrapper(look):
        fire(NOON, 10)

    assert waits == ["off" if twin is PostgresqlFireBatch else "on"]
    assert _waits_for_the_disk() == "on"
    connection.close()


def _waits_for_the_disk() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        return str(cursor.fetchone()[0])


def test_a_herd_of_one_expression_gets_one_run_each(valkey: redis.Redis) -> None:
    agent = make_agent()
    herd = {make_due_schedule(agent).id for _ in range(120)}

    taken = [fire(NOON, 50) for _ in range(4)]

    assert taken == [50, 50, 20, 0]
    assert set(Run.objects.values_list("schedule_id", flat=True)) == herd
    assert Run.objects.count() == valkey.llen("agent-schedules") == 120


def test_late_firings_of_an_agent_are_spread_over_time(valkey: redis.Redis, settings: Settings) -> None:
    settings.ORQ = settings.ORQ.model_copy(update={"catch_up_per_second": 2})
    flooded, other = make_agent(), make_agent()
    for agent in [flooded] * 5 + [other]:
        make_due_schedule(agent)
    late = NOON + timedelta(minutes=10)

    for _ in range(3):
        fire(late, 2)

    fired = Run.objects.order_by("not_before")
    waits = [(run.not_before - late).total_seconds() for run in fired.filter(schedule__agent=flooded)]
    assert waits == [0, 0.5, 1, 1.5, 2]
    assert [run.not_before for run in fired.filter(schedule__agent=other)] == [late]
    assert len(queued(valkey)) == 2
    assert fired.filter(redispatch_at=F("not_before")).count() == 4


def test_a_retry_that_waits_long_takes_no_turn_of_later_late_firings() -> None:
    agent = make_agent()
    make_due_schedule(agent, due_at=NOON - timedelta(minutes=5))
    fire(NOON, 10)
    claimed = claiming.claim(Run.objects.get().id, 1, "worker", NOON, timedelta(seconds=15))
    assert isinstance(claimed, Claimed)
    finishing.fail(
        claimed,
        CallFailed("agent_http_error", "429", is_retryable=True, retry_after=timedelta(hours=1)),
        NOON,
    )
    late = make_due_schedule(agent)

    fire(NOON + timedelta(minutes=5), 10)

    assert late.runs.get().not_before == NOON + timedelta(minutes=5)


def test_firings_in_time_are_not_spread(valkey: redis.Redis, settings: Settings) -> None:
    settings.ORQ = settings.ORQ.model_copy(update={"catch_up_per_second": 1})
    agent = make_agent()
    for _ in range(5):
        make_due_schedule(agent)

    fire(NOON, 10)

    assert len(queued(valkey)) == 5


def test_a_fraction_of_a_second_survives_firing() -> None:
    schedule = make_schedule(type="once", expression="@at 2026-06-01T12:00:00.25Z", now=NOON)

    assert fire(NOON + timedelta(milliseconds=200), 10) == 0
    assert fire(NOON + timedelta(milliseconds=250), 10) == 1
    assert schedule.runs.get().fire_time == datetime(2026, 6, 1, 12, 0, 0, 250_000, tzinfo=UTC)
