"""A leap that was believed and was wrong: set back, schedules follow the right clock and the ledger stays closed."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from schedules import editing
from schedules.database import clock
from schedules.database.process_time import AcceptedLeap
from schedules.ledger import audit
from schedules.models import ClockLeap, NextFire, Run, RunState, Schedule
from schedules.realigning import note_accepted_leaps, realign
from tests.factories import NOON, make_due_schedule, make_run, make_schedule
from tests.firing import fire

pytestmark = pytest.mark.django_db

YEAR = timedelta(days=365)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
HOURLY = "0 30 * * * *"
BACK = NOON + 7 * MINUTE
"""When the clock has been set back: it leapt at noon."""


@pytest.fixture
def leap() -> ClockLeap:
    return ClockLeap.objects.create(left_at=NOON, reached_at=NOON + YEAR)


def hourly(now: datetime = NOON - HOUR) -> Schedule:
    return make_schedule(now=now, expression=HOURLY)


def led_astray(**fields: Any) -> Schedule:
    """A schedule that has fired in the wrong time, whose run has ended."""
    schedule = make_schedule(now=NOON - HOUR, **fields) if fields else hourly()
    fire(NOON + YEAR, 10)
    Run.objects.update(state=RunState.SUCCEEDED)
    return schedule


def next_fire(schedule: Schedule) -> datetime:
    return NextFire.objects.get(schedule=schedule).fire_time


def is_clean(now: datetime) -> bool:
    return audit(now).is_clean


def test_a_schedule_that_fired_in_the_wrong_time_fires_at_its_next_true_instant(
    leap: ClockLeap, settings: Settings
) -> None:
    settings.ORQ = settings.ORQ.model_copy(update={"retention_days": 1000})  # ids are made by the true clock
    schedule = led_astray()
    assert next_fire(schedule) > NOON + YEAR

    assert realign(BACK) == 1

    assert next_fire(schedule) == NOON + 30 * MINUTE
    assert fire(NOON + 30 * MINUTE, 10) == 1
    assert is_clean(NOON + 40 * MINUTE)
    Run.objects.pending().update(state=RunState.SUCCEEDED)
    fire(NOON + YEAR + HOUR, 10)
    assert is_clean(NOON + YEAR + HOUR)


def test_it_gets_a_new_generation_signed_by_the_service(leap: ClockLeap) -> None:
    schedule = led_astray()

    realign(BACK)

    begun = Schedule.objects.get(id=schedule.id)
    assert (begun.generation, begun.updated_by_id, begun.updated_at) == (2, "service", BACK)


def test_an_interval_keeps_its_step(leap: ClockLeap) -> None:
    schedule = led_astray(type="interval", expression="@every 1h")

    realign(BACK)

    assert next_fire(schedule) == NOON + HOUR
    assert is_clean(NOON + 2 * HOUR)


def test_a_schedule_made_in_the_wrong_time_begins_now(leap: ClockLeap) -> None:
    schedule = hourly(NOON + YEAR + 3 * MINUTE)

    realign(BACK)

    assert next_fire(schedule) == NOON + 30 * MINUTE
    assert is_clean(NOON + HOUR)


def test_an_instant_that_has_had_its_run_early_does_not_fire_again() -> None:
    ClockLeap.objects.create(left_at=NOON, reached_at=NOON + 3 * HOUR)
    daily = make_schedule(now=NOON - HOUR, expression="0 0 14 * * *")
    fire(NOON + 3 * HOUR, 10)

    realign(BACK)

    assert next_fire(daily) == NOON + 26 * HOUR


def test_what_fires_once_and_was_not_reached_is_left_alone(leap: ClockLeap) -> None:
    once = make_due_schedule(due_at=NOON + 2 * YEAR)

    assert realign(BACK) == 0

    assert (next_fire(once), Schedule.objects.get().generation) == (NOON + 2 * YEAR, 1)


def test_schedules_that_no_wrong_clock_has_touched_are_left_alone(leap: ClockLeap) -> None:
    hourly()
    fire(NOON - 30 * MINUTE, 10)

    assert realign(BACK) == 0

    assert Schedule.objects.get().generation == 1


def test_a_clock_that_merely_steps_back_begins_nothing_again() -> None:
    led_astray()

    assert realign(BACK) == 0

    assert Schedule.objects.get().generation == 1


@pytest.mark.parametrize("now", [NOON - MINUTE, NOON + YEAR, NOON + YEAR - HOUR])
def test_outside_of_the_leap_nothing_is_mended(leap: ClockLeap, now: datetime) -> None:
    led_astray()

    assert realign(now) == 0


def test_it_is_mended_once(leap: ClockLeap) -> None:
    led_astray()
    while realign(BACK):
        pass

    leap.refresh_from_db()
    assert leap.mended_at == BACK


def test_what_waits_for_the_wrong_time_waits_no_longer(leap: ClockLeap) -> None:
    schedule = hourly()
    ahead = NOON + YEAR + MINUTE
    waiting = make_run(schedule, not_before=ahead, redispatch_at=ahead)
    held = make_run(schedule, state=RunState.RUNNING, lease_expires_at=ahead)
    paced = make_run(schedule, not_before=BACK + HOUR, redispatch_at=BACK + HOUR)

    realign(BACK)

    for run in (waiting, held, paced):
        run.refresh_from_db()
    assert (waiting.not_before, waiting.redispatch_at) == (BACK, BACK)
    assert held.lease_expires_at is not None
    assert held.lease_expires_at <= BACK + MINUTE
    assert paced.not_before == BACK + HOUR


def test_a_leap_that_this_process_has_believed_is_written_down_once() -> None:
    clock._process.accepted.append(AcceptedLeap(NOON, NOON + YEAR))

    note_accepted_leaps()
    note_accepted_leaps()

    noted = ClockLeap.objects.get()
    assert (noted.left_at, noted.reached_at) == (NOON, NOON + YEAR)


@pytest.mark.parametrize("change", [{"is_active": False}, {"expression": "0 45 * * * *"}])
def test_an_edit_by_a_person_mends_a_schedule_too(change: editing.ScheduleChanges) -> None:
    schedule = led_astray()

    editing.update(schedule.id, change, "apk_x", BACK)
    editing.update(schedule.id, {"is_active": True}, "apk_x", BACK + MINUTE)

    assert next_fire(schedule) in (NOON + 30 * MINUTE, NOON + 45 * MINUTE)
    assert is_clean(NOON + 20 * MINUTE)
    fire(NOON + HOUR, 10)
    assert is_clean(NOON + HOUR)


def test_a_schedule_that_was_paused_in_the_wrong_time_is_resumed_in_the_right_one() -> None:
    schedule = led_astray()
    editing.update(schedule.id, {"is_active": False}, "apk_x", NOON + YEAR + 3 * MINUTE)

    editing.update(schedule.id, {"is_active": True}, "apk_x", BACK)

    assert next_fire(schedule) == NOON + 30 * MINUTE
    assert is_clean(NOON + 20 * MINUTE)
