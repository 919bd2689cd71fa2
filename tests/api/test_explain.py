"""explain-agent-schedule."""

from datetime import timedelta

import pytest

from schedules import editing
from schedules.models import Run, Schedule
from tests.api.caller import Caller, assert_error, document, everything, run_path, schedule_path
from tests.api.outsiders import assert_not_under_another_agent, assert_only_for_its_workspace
from tests.factories import NOON, make_schedule
from tests.firing import fire

HOUR = timedelta(hours=1)


@pytest.fixture
def hourly(schedule: Schedule) -> Schedule:
    """Of the same agent; it fires at each full hour from NOON on."""
    return make_schedule(schedule.agent, expression="0 0 * * * *", now=NOON - HOUR / 2)


def path_of(schedule: Schedule, at: str = "2026-06-01T12:00:00Z") -> str:
    """Where the explanation of an instant is."""
    return f"{schedule_path(schedule)}/explain?at={at}"


def test_an_instant_that_fired_is_explained_with_its_run(api: Caller, hourly: Schedule) -> None:
    fire(NOON, 10)

    answer = document(api.get(path_of(hourly)))

    run = Run.objects.get(schedule=hourly)
    assert answer == {
        "at": "2026-06-01T12:00:00Z",
        "outcome": "ran",
        "words": "It fired; the run is pending and has not started",
        "generation": 1,
        "run": document(api.get(run_path(run))),
        "next_fire_time": "2026-06-01T13:00:00Z",
    }


def test_a_missed_instant_is_explained_with_its_reason(api: Caller, hourly: Schedule) -> None:
    fire(NOON + 2 * HOUR, 10)

    answer = document(api.get(path_of(hourly)))

    assert (answer["outcome"], answer["reason"]) == ("missed", "coalesced")
    assert set(answer) == {"at", "outcome", "words", "generation", "reason", "next_fire_time"}


def test_an_instant_before_the_schedule_has_no_generation(api: Caller, hourly: Schedule) -> None:
    answer = document(api.get(path_of(hourly, "2026-06-01T11:00:00Z")))

    assert (answer["outcome"], set(answer)) == ("not_active", {"at", "outcome", "words"})


def test_any_time_zone_will_do(api: Caller, hourly: Schedule) -> None:
    answer = document(api.get(path_of(hourly, "2026-06-01T07:30:00-05:00")))

    assert (answer["at"], answer["outcome"]) == ("2026-06-01T12:30:00Z", "not_a_fire_time")


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59.999999Z", "1970-01-01T00:00:00Z"])
def test_the_ends_of_time_are_explained_too(api: Caller, hourly: Schedule, at: str) -> None:
    assert document(api.get(path_of(hourly, at)))["at"] == at


@pytest.mark.parametrize("at", ["", "now", "2026-06-01", "2026-06-01T12:00:00", "%00", "%FF", "1" * 5000])
def test_what_is_no_instant_is_refused(api: Caller, hourly: Schedule, at: str) -> None:
    assert_error(api.get(path_of(hourly, at)), 400, "invalid_request_body", "at")


def test_the_instant_must_be_named(api: Caller, hourly: Schedule) -> None:
    assert_error(api.get(f"{schedule_path(hourly)}/explain"), 400, "invalid_request_body", "at")


def test_a_reader_may_ask_and_nothing_changes(reader: Caller, hourly: Schedule) -> None:
    before = everything()

    document(reader.get(path_of(hourly)))

    assert everything() == before


def test_an_outsider_may_not_ask(nobody: Caller, elsewhere: Caller, api: Caller, hourly: Schedule) -> None:
    call = ("GET", path_of(hourly), None)

    assert_only_for_its_workspace(call, nobody=nobody, elsewhere=elsewhere)
    assert_not_under_another_agent(call, hourly, api)


def test_a_deleted_schedule_explains_nothing(api: Caller, hourly: Schedule) -> None:
    editing.delete(hourly.id, "apk_test", NOON)

    assert_error(api.get(path_of(hourly)), 404, "schedule_not_found")
