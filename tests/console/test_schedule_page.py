"""The page of a schedule: how it stands, what happened on which day, why (not), and who changed what."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from schedules import editing
from schedules.database.clock import database_now
from schedules.models import MissedFiring, Run, RunState, Schedule, TriggerKind
from tests.api.caller import Caller, schedule_path
from tests.console.browser import text_of
from tests.factories import make_hold, make_run, make_schedule, make_token

pytestmark = pytest.mark.django_db

MOST_QUERIES = 15


def page_of(client: Client, schedule: Schedule, **asked: str) -> Any:
    """Its page."""
    return client.get(reverse("admin:schedules_schedule_change", args=(schedule.pk,)), asked)


def day(ahead: int) -> date:
    """So many days from today, in UTC."""
    return database_now().date() + timedelta(days=ahead)


def nine(ahead: int) -> datetime:
    """09:00 of that day."""
    return datetime.combine(day(ahead), time(9), UTC)


def daily(**fields: Any) -> Schedule:
    """One that has fired at nine for six days."""
    return make_schedule(now=nine(-6), **fields)


def ran(schedule: Schedule, ahead: int, state: RunState, **fields: Any) -> Run:
    """A run of a morning."""
    times = dict.fromkeys(("created_at", "fire_time", "finished_at"), nine(ahead))
    return make_run(schedule, trigger=TriggerKind.CADENCE, state=state, **times | fields)


def week_of(schedule: Schedule) -> Run:
    """Two days that ran, two that were missed, and yesterday's failure."""
    ran(schedule, -5, RunState.SUCCEEDED)
    MissedFiring.objects.create(
        schedule=schedule,
        generation=1,
        first_fire_time=nine(-4),
        last_fire_time=nine(-3),
        count=2,
        reason="paused",
        recorded_at=nine(-3),
    )
    ran(schedule, -2, RunState.SUCCEEDED)
    return ran(schedule, -1, RunState.FAILED, error_code="agent_http_error", error_message="HTTP 503")


def words_by_day(response: Any) -> dict[date, str]:
    """What the calendar says of its days."""
    weeks = response.context["panels"]["calendar"]["weeks"]
    return {each.day: each.words for week in weeks for each in week}


def test_each_day_says_what_became_of_its_instants(operator: Client) -> None:
    schedule = daily()
    week_of(schedule)

    words = words_by_day(page_of(operator, schedule))

    assert [words[day(ahead)] for ahead in (-6, -5, -4, -3, -2, -1, 1)] == [
        *("nothing", "1 succeeded", "1 missed", "1 missed", "1 succeeded", "1 failed", "1 planned")
    ]


def test_a_day_lists_its_instants_with_their_runs(operator: Client) -> None:
    schedule = daily()
    failed = week_of(schedule)

    shown = text_of(page_of(operator, schedule, day=f"{day(-1)}"))

    assert reverse("admin:schedules_run_change", args=(failed.pk,)) in shown
    assert "agent http error" in shown
    assert f"?at={day(-1)}T09:00:00#why" in shown
    assert "Nothing was due" in text_of(page_of(operator, schedule, day=f"{day(-6)}"))


def test_a_manual_run_stands_at_its_instant(operator: Client) -> None:
    schedule = daily()
    make_run(schedule, state=RunState.SUCCEEDED, created_at=nine(-4))

    response = page_of(operator, schedule, day=f"{day(-4)}")

    assert words_by_day(response)[day(-4)] == "1 succeeded"
    assert "by hand" in text_of(response)


def test_other_weeks_can_be_looked_at(operator: Client) -> None:
    schedule = daily()

    later = page_of(operator, schedule, **{"from": f"{day(30)}"})

    assert words_by_day(later)[day(50)] == "1 planned"
    for nonsense in ("x", "0001-01-01", "9999-12-31"):
        assert page_of(operator, schedule, **{"from": nonsense, "day": nonsense}).status_code == 200


def test_why_not_is_answered_for_any_instant(operator: Client) -> None:
    schedule = daily()
    failed = week_of(schedule)

    missed = text_of(page_of(operator, schedule, at=f"{day(-4)}T09:00:00"))
    ran_then = text_of(page_of(operator, schedule, at=f"{day(-1)}T09:00"))
    between = text_of(page_of(operator, schedule, at=f"{day(-4)}T10:00:00"))

    assert "It did not run: the schedule was paused before it was fired" in missed
    assert "HTTP 503" in ran_then
    assert reverse("admin:schedules_run_change", args=(failed.pk,)) in ran_then
    assert "is not a fire time" in between
    assert f"{day(-3)} 09:00:00 UTC" in between


@pytest.mark.parametrize(
    "at", ["soon", "2026-13-01T00:00", "0001-01-01T00:00", "9999-12-31T23:59+00:00", "\0"]
)
def test_what_is_no_instant_is_said_to_be_none(operator: Client, at: str) -> None:
    assert "is not an instant" in text_of(page_of(operator, daily(), at=at))


def test_a_paused_schedule_says_why_and_what_resumes_it(operator: Client) -> None:
    schedule = daily()
    editing.pause(schedule.pk, "user_anna", database_now(), note="The API moves", until=nine(2))

    shown = text_of(page_of(operator, schedule))

    assert "user_anna" in shown
    assert "The API moves" in shown
    assert "It goes on by itself then" in shown
    assert "None: see above" in shown


def test_a_held_schedule_names_the_hold_that_has_to_be_lifted(operator: Client) -> None:
    schedule = daily()
    make_hold(schedule.agent)

    shown = text_of(page_of(operator, schedule))

    assert "Held: agent digest" in shown
    assert "It goes on when somebody lifts that hold" in shown


def test_the_next_ten_fires_are_those_of_the_clock(operator: Client) -> None:
    schedule = daily()
    editing.update(schedule.pk, {"expression": "0 0 10 * * *"}, "apk_test", database_now())

    shown = text_of(page_of(operator, schedule))

    assert all(f"{day(ahead)} 10:00:00 UTC" in shown for ahead in range(1, 10))


def test_changes_over_the_api_are_shown_with_their_values(operator: Client) -> None:
    schedule = daily()
    api = Caller(make_token(schedule.workspace, name="deployer"))
    assert api.patch(schedule_path(schedule), {"expression": "0 0 17 * * *"}).status_code == 200

    shown = text_of(page_of(operator, schedule))

    assert "0 0 9 * * * → 0 0 17 * * *" in shown
    assert "deployer" in shown


def test_a_page_with_everything_asks_few_questions(operator: Client) -> None:
    schedule = daily()
    week_of(schedule)
    page_of(operator, schedule)

    asked = {"day": f"{day(-4)}", "at": f"{day(-4)}T09:00:00"}
    with CaptureQueriesContext(connection) as queries:
        page_of(operator, schedule, **asked)

    assert len(queries) <= MOST_QUERIES, ["\n" + query["sql"][:250] for query in queries]
