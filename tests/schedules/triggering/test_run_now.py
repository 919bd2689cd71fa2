"""A person says run now, or run again: one run each, ten seconds later."""

from datetime import datetime, timedelta

import pytest
import redis
from django.db import transaction
from pytest_django import Settings

from schedules import editing
from schedules.errors import RunNotRetryable, ScheduleInactive, ScheduleNotFound
from schedules.messages import dispatch
from schedules.models import TRIGGER_DELAY, Run, RunState, Schedule, TriggerKind
from schedules.runs import claiming
from schedules.triggering import run_now
from tests.factories import NOON, make_due_schedule, make_run, make_schedule
from tests.firing import fire
from tests.messages import queued, queued_etas

pytestmark = pytest.mark.django_db(transaction=True)


def hourly(now: datetime = NOON - timedelta(minutes=30)) -> Schedule:
    """Fires at each full hour; first at NOON."""
    return make_schedule(type="cron", expression="0 0 * * * *", now=now)


def test_run_now_makes_one_run_ten_seconds_later_and_leaves_the_cadence_alone(valkey: redis.Redis) -> None:
    schedule = hourly()

    run = run_now.trigger(schedule.id, NOON - timedelta(minutes=1))

    assert (run.trigger, run.fire_time, run.generation) == (TriggerKind.MANUAL, None, 1)
    assert run.not_before == NOON - timedelta(minutes=1) + TRIGGER_DELAY
    assert queued(valkey) == [(dispatch.EXECUTE_RUN, [run.id, 1])]
    assert queued_etas(valkey) != [None]
    schedule.refresh_from_db()
    assert (schedule.next_fire_at, schedule.trigger_count) == (NOON, 0)


def test_no_message_leaves_before_the_commit(valkey: redis.Redis) -> None:
    schedule = hourly()

    def crash_after_trigger() -> None:
        run_now.trigger(schedule.id, NOON)
        assert queued(valkey) == []
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        crash_after_trigger()

    assert queued(valkey) == []
    assert not Run.objects.exists()


def test_run_now_of_a_paused_or_deleted_schedule_is_refused(valkey: redis.Redis) -> None:
    paused, deleted = hourly(), hourly()
    editing.update(paused.id, {"is_active": False}, "apk_x", NOON)
    editing.delete(deleted.id, "apk_x", NOON)

    with pytest.raises(ScheduleInactive, match="Cannot trigger an inactive schedule"):
        run_now.trigger(paused.id, NOON)
    with pytest.raises(ScheduleNotFound):
        run_now.trigger(deleted.id, NOON)

    assert not Run.objects.exists()
    assert queued(valkey) == []


def test_a_failed_run_is_run_again_with_the_payload_it_had(settings: Settings) -> None:
    schedule = hourly()
    failed = make_run(schedule, state=RunState.FAILED, payload={"input": "old"})
    editing.update(schedule.id, {"payload": {"input": "new"}}, "apk_x", NOON)

    again = run_now.run_again(failed.id, NOON)

    assert (again.id != failed.id, again.payload, again.state) == (True, {"input": "old"}, RunState.PENDING)
    assert again.redispatch_at == again.not_before + timedelta(seconds=settings.ORQ.redispatch_seconds)


def test_the_failed_run_of_a_finished_once_is_run_again_and_may_start() -> None:
    schedule = make_due_schedule(type="once", expression="@at 2026-06-01T12:00:00Z")
    fire(NOON, 10)
    failed = Run.objects.get(schedule=schedule)
    Run.objects.update(state=RunState.FAILED)

    again = run_now.run_again(failed.id, NOON)

    schedule.refresh_from_db()
    assert (again.again_of, again.generation, schedule.is_finished) == (failed.id, 1, True)
    assert claiming.why_stale(schedule, again.generation) is None
    with pytest.raises(ScheduleInactive):
        run_now.trigger(schedule.id, NOON)


def test_the_failed_run_of_a_paused_schedule_is_not_run_again() -> None:
    schedule = hourly()
    failed = make_run(schedule, state=RunState.FAILED)
    editing.update(schedule.id, {"is_active": False}, "apk_x", NOON)

    with pytest.raises(ScheduleInactive):
        run_now.run_again(failed.id, NOON)


def test_the_manual_runs_of_a_schedule_are_numbered() -> None:
    schedule, other = hourly(), hourly()
    failed = make_run(schedule, state=RunState.FAILED, payload={"input": "old"})

    runs = [run_now.trigger(schedule.id, NOON), run_now.run_again(failed.id, NOON)]
    runs += [run_now.trigger(other.id, NOON), run_now.trigger(schedule.id, NOON)]

    assert [Run.objects.get(id=run.id).manual_number for run in runs] == [1, 2, 1, 3]
    assert dict(Schedule.objects.values_list("id", "manual_count")) == {schedule.id: 3, other.id: 1}


def test_a_run_is_not_run_again_while_an_earlier_repetition_is_open() -> None:
    failed = make_run(hourly(), state=RunState.FAILED)
    first = run_now.run_again(failed.id, NOON)

    with pytest.raises(RunNotRetryable, match=first.id):
        run_now.run_again(failed.id, NOON)

    assert Run.objects.count() == 2
    Run.objects.filter(id=first.id).update(state=RunState.FAILED)
    assert run_now.run_again(failed.id, NOON).again_of == failed.id


@pytest.mark.parametrize("state", [RunState.PENDING, RunState.SUCCEEDED])
def test_a_run_that_has_not_ended_badly_is_not_run_again(state: RunState) -> None:
    run = make_run(hourly(), state=state)

    with pytest.raises(RunNotRetryable):
        run_now.run_again(run.id, NOON)
