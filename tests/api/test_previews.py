"""preview-agent-schedule and preview-schedule-expression."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from schedules import editing
from schedules.database.clock import database_now
from schedules.models import Agent, Schedule
from tests.api.caller import Caller, assert_error, document, everything, schedule_path
from tests.api.outsiders import assert_not_under_another_agent, assert_only_for_its_workspace
from tests.counting import steps
from tests.factories import NOON, make_due_schedule, make_schedule
from tests.firing import fire

UNSAVED = "/v3/schedules/preview"
DAILY: dict[str, Any] = {"type": "cron", "expression": "0 0 9 * * *", "from": "2026-06-01T09:00:00Z"}


def path_of(schedule: Schedule, query: str = "") -> str:
    """Where a schedule's preview is."""
    return f"{schedule_path(schedule)}/preview?{query}"


def fire_times(caller: Caller, schedule: Schedule, query: str) -> list[str]:
    """What a schedule's preview lists."""
    instants: list[str] = document(caller.get(path_of(schedule, query)))["fire_times"]
    return instants


def previewed(caller: Caller, **body: Any) -> list[str]:
    """What the preview of an expression lists."""
    instants: list[str] = document(caller.post(UNSAVED, body))["fire_times"]
    return instants


def test_a_preview_says_when_and_in_words(api: Caller, schedule: Schedule) -> None:
    answer = document(api.get(path_of(schedule, "from=2026-06-02T09:00:00Z&to=2026-06-04T09:00:00Z")))

    assert answer == {
        "fire_times": ["2026-06-02T09:00:00Z", "2026-06-03T09:00:00Z"],
        "description": "at 09:00:00 UTC, every day",
        "is_active": True,
    }


def test_without_a_range_it_lists_the_next_ten_from_now(api: Caller, agent: Agent) -> None:
    schedule = make_schedule(agent, now=database_now())

    instants = [datetime.fromisoformat(text) for text in fire_times(api, schedule, "")]

    assert instants[0] == schedule.next_fire_at
    assert len(instants) == 10
    assert {later - earlier for earlier, later in pairwise(instants)} == {timedelta(days=1)}


def test_an_interval_counts_from_where_its_cadence_began(api: Caller, agent: Agent) -> None:
    schedule = make_schedule(agent, type="interval", expression="@every 90m")

    assert fire_times(api, schedule, "from=2026-06-01T14:00:00Z&limit=2") == [
        "2026-06-01T15:00:00Z",
        "2026-06-01T16:30:00Z",
    ]


@pytest.mark.parametrize(("type_", "expression"), [("cron", "0 0 * * * *"), ("interval", "@every 1h")])
def test_nothing_is_listed_before_the_cadence_began(
    api: Caller, agent: Agent, type_: str, expression: str
) -> None:
    schedule = make_schedule(agent, type=type_, expression=expression)

    assert fire_times(api, schedule, "from=1970-01-01T00:00:00Z&limit=1") == ["2026-06-01T13:00:00Z"]
    assert fire_times(api, schedule, "from=1970-01-01T00:00:00Z&to=2026-06-01T13:00:00Z") == []


def test_a_once_has_one_fire_time(api: Caller, agent: Agent) -> None:
    schedule = make_due_schedule(agent)

    assert fire_times(api, schedule, "from=2026-06-01T12:00:00Z") == ["2026-06-01T12:00:00Z"]
    assert fire_times(api, schedule, "from=2026-06-01T12:00:00.000001Z") == []


def test_an_inactive_schedule_shows_what_resuming_it_now_would_give(api: Caller, agent: Agent) -> None:
    schedule = make_schedule(agent, type="interval", expression="@every 2h")
    editing.update(schedule.id, {"is_active": False}, "apk_test", NOON)
    now = database_now()

    answer = document(api.get(path_of(schedule, "from=1970-01-01T00:00:00Z&limit=1")))

    assert answer["is_active"] is False
    [first] = answer["fire_times"]
    assert abs(datetime.fromisoformat(first) - now - timedelta(hours=2)) < timedelta(minutes=1)


def test_a_finished_once_would_not_fire_again(api: Caller, agent: Agent) -> None:
    schedule = make_due_schedule(agent)
    fire(NOON, 10)

    answer = document(api.get(path_of(schedule)))

    assert (answer["fire_times"], answer["is_active"]) == ([], False)


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=1.5", "limit"),
        ("from=yesterday", "from"),
        ("to=2026-06-01", "to"),
        ("to=2020-01-01T00:00:00Z", "to"),
        ("from=2026-06-02T00:00:00Z&to=2026-06-01T00:00:00Z", "to"),
        ("from=2026-06-02T00:00:00Z&to=2026-06-02T00:00:00Z", "to"),
    ],
)
def test_a_range_that_makes_no_sense_is_refused(
    api: Caller, schedule: Schedule, query: str, param: str
) -> None:
    assert_error(api.get(path_of(schedule, query)), 400, "invalid_request_body", param)


def test_the_end_of_time_is_an_end(api: Caller, schedule: Schedule) -> None:
    assert fire_times(api, schedule, "from=9999-12-31T09:00:00Z") == ["9999-12-31T09:00:00Z"]


def test_an_expression_is_previewed_without_a_schedule(api: Caller, schedule: Schedule) -> None:
    before = everything()

    answer = document(api.post(UNSAVED, DAILY | {"limit": 2}))

    assert answer == {
        "fire_times": ["2026-06-01T09:00:00Z", "2026-06-02T09:00:00Z"],
        "description": "at 09:00:00 UTC, every day",
    }
    assert everything() == before
    assert schedule in Schedule.objects.all()


def test_an_expression_is_previewed_ten_times_unless_told_otherwise(api: Caller) -> None:
    assert len(previewed(api, **DAILY)) == 10
    assert len(previewed(api, **DAILY, limit=100)) == 100
    assert len(previewed(api, **DAILY, to="2026-06-04T09:00:00Z")) == 3


def test_an_interval_that_is_no_schedule_yet_counts_from_the_beginning(api: Caller) -> None:
    body = {"type": "interval", "expression": "@every 6h", "from": "2026-06-01T12:00:00Z", "limit": 2}

    assert previewed(api, **body) == ["2026-06-01T18:00:00Z", "2026-06-02T00:00:00Z"]


def test_without_a_beginning_an_expression_is_previewed_from_now(api: Caller) -> None:
    now = database_now()

    [first] = previewed(api, type="interval", expression="@every 3h", limit=1)

    assert abs(datetime.fromisoformat(first) - now - timedelta(hours=3)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("type_", "expression"),
    [
        ("cron", "0 * 9 * * *"),
        ("cron", "0 9 * * *"),
        ("cron", "0 0 0 30 2 *"),
        ("cron", "@every 6h"),
        ("interval", "@every 59m"),
        ("once", "@at 2020-01-01T00:00:00Z"),
        ("cron", "1," * 5000),
    ],
)
def test_what_create_refuses_is_refused_in_the_same_words(
    api: Caller, schedule: Schedule, type_: str, expression: str
) -> None:
    body = {"type": type_, "expression": expression}
    at_create = api.post(schedule_path(schedule).rpartition("/")[0], body | {"payload": {"input": ""}})

    answer = api.post(UNSAVED, body)

    assert_error(answer, 400, "invalid_expression", "expression")
    assert answer.content == at_create.content


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"type": "weekly"}, "type"),
        ({"type": None}, "type"),
        ({"expression": None}, "expression"),
        ({"expression": 5}, "expression"),
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"limit": "5"}, "limit"),
        ({"limit": True}, "limit"),
        ({"limit": 5.0}, "limit"),
        ({"limit": None}, "limit"),
        ({"from": 5}, "from"),
        ({"from": None}, "from"),
        ({"from": ["2026-06-01T09:00:00Z"]}, "from"),
        ({"to": "2026-06-01T09:00:00Z"}, "to"),
        ({"payload": {"input": ""}}, "payload"),
    ],
)
def test_a_body_of_another_form_is_refused(api: Caller, change: dict[str, Any], param: str) -> None:
    assert_error(api.post(UNSAVED, DAILY | change), 400, "invalid_request_body", param)


@pytest.mark.parametrize("body", [[], "x", 5, None])
def test_what_is_no_object_is_refused(api: Caller, body: Any) -> None:
    assert_error(api.post(UNSAVED, body), 400, "invalid_request_body")


def test_a_rare_pattern_costs_no_more_than_it_lists(api: Caller) -> None:
    leap_days = {"type": "cron", "expression": "0 0 0 29 2 *", "from": "2026-06-01T00:00:00Z", "limit": 100}
    daily = {"type": "cron", "expression": "@daily", "from": "2026-06-01T00:00:00Z", "limit": 18}
    previewed(api, **daily)
    usual = steps(lambda: previewed(api, **daily))
    found: list[str] = []

    work = steps(lambda: found.extend(previewed(api, **leap_days)))

    assert found[0] == "2028-02-29T00:00:00Z"
    assert found[-1] == "2096-02-29T00:00:00Z"  # the next one is eight years later: no cadence looks so far
    assert len(found) == 18
    assert work < 3 * usual


def test_a_reader_may_preview(reader: Caller, schedule: Schedule) -> None:
    assert len(fire_times(reader, schedule, "")) == 10
    assert len(previewed(reader, **DAILY)) == 10


def test_an_outsider_may_not_preview(
    nobody: Caller, elsewhere: Caller, api: Caller, schedule: Schedule
) -> None:
    call = ("GET", path_of(schedule), None)

    assert_only_for_its_workspace(call, nobody=nobody, elsewhere=elsewhere)
    assert_not_under_another_agent(call, schedule, api)
    assert_error(nobody.post(UNSAVED, DAILY), 401, "authentication_required")


def test_a_deleted_schedule_has_no_preview(api: Caller, schedule: Schedule) -> None:
    editing.delete(schedule.id, "apk_test", NOON)

    assert_error(api.get(path_of(schedule)), 404, "schedule_not_found")
