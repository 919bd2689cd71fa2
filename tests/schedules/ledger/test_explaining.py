"""Why did, or didn't, this run? Each answer a schedule's history can give."""

from datetime import datetime, timedelta

import pytest

from schedules import editing
from schedules.ledger.explaining import Explanation, Outcome, explain
from schedules.models import Run, Schedule
from schedules.runs import claiming
from tests.factories import NOON, make_schedule
from tests.firing import fire

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
CREATED = NOON - HOUR / 2


@pytest.fixture
def schedule() -> Schedule:
    """Fires at each full hour; first at NOON."""
    return make_schedule(expression="0 0 * * * *", now=CREATED)


def explained(schedule: Schedule, at: datetime, now: datetime = NOON + 6 * HOUR) -> Explanation:
    schedule.refresh_from_db()
    return explain(schedule, at, now)


def test_a_run_explains_itself(schedule: Schedule) -> None:
    fire(NOON, 10)
    claiming.claim(Run.objects.get().id, 1, "worker", NOON + timedelta(seconds=2), HOUR)

    answer = explained(schedule, NOON)

    assert (answer.outcome, answer.run, answer.generation) == (Outcome.RAN, Run.objects.get(), 1)
    assert "2.0 s after its fire time, attempt 1, running" in answer.words
    assert answer.next_fire_time == NOON + HOUR


def test_a_run_that_never_started_says_why(schedule: Schedule) -> None:
    fire(NOON, 10)
    editing.update(schedule.id, {"is_active": False}, "apk_x", NOON)

    answer = explained(schedule, NOON)

    assert (answer.outcome, answer.reason) == (Outcome.RAN, "schedule_inactive")
    assert answer.words == "It fired, but the run was discarded: schedule_inactive"


def test_a_coalesced_fire_time_names_the_run_that_stands_for_it(schedule: Schedule) -> None:
    fire(NOON + 2 * HOUR, 10)

    answer = explained(schedule, NOON + HOUR)

    assert (answer.outcome, answer.reason) == (Outcome.MISSED, "coalesced")
    assert "2 late fire time(s)" in answer.words
    assert "the run of 2026-06-01 14:00:00 UTC stands for it" in answer.words


def test_a_late_run_that_gave_way_to_a_newer_one_says_so(schedule: Schedule) -> None:
    fire(NOON + HOUR / 6, 10)
    fire(NOON + HOUR, 10)

    answer = explained(schedule, NOON)

    assert (answer.outcome, answer.reason) == (Outcome.RAN, "coalesced")
    assert "newer fire time" in answer.words


def test_a_fire_time_that_was_due_when_it_was_paused_says_so(schedule: Schedule) -> None:
    editing.update(schedule.id, {"is_active": False}, "apk_x", NOON + HOUR / 10)

    answer = explained(schedule, NOON)

    assert (answer.outcome, answer.reason) == (Outcome.MISSED, "paused")
    assert "paused before it was fired" in answer.words


def test_an_instant_the_cadence_does_not_say_is_no_fire_time(schedule: Schedule) -> None:
    answer = explained(schedule, NOON + HOUR / 2)

    assert (answer.outcome, answer.next_fire_time) == (Outcome.NOT_A_FIRE_TIME, NOON + HOUR)


def test_an_instant_while_it_was_paused_or_before_it_was_made(schedule: Schedule) -> None:
    editing.update(schedule.id, {"is_active": False}, "apk_x", NOON - HOUR / 4)

    paused, before = explained(schedule, NOON), explained(schedule, CREATED - HOUR)

    assert (paused.outcome, before.outcome) == (Outcome.NOT_ACTIVE, Outcome.NOT_ACTIVE)
    assert "paused 2026-06-01 11:45:00 UTC" in paused.words
    assert "created 2026-06-01 11:30:00 UTC" in before.words


def test_an_instant_to_come_and_one_that_waits_for_a_beat(schedule: Schedule) -> None:
    to_come = explained(schedule, NOON + 7 * HOUR)
    due = explained(schedule, NOON, now=NOON + timedelta(seconds=1))

    assert (to_come.outcome, due.outcome) == (Outcome.TO_COME, Outcome.DUE)


def test_a_gap_is_admitted(schedule: Schedule) -> None:
    fire(NOON, 10)
    Run.objects.all().delete()

    assert explained(schedule, NOON).outcome == Outcome.UNACCOUNTED
