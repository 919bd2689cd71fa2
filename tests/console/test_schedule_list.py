"""The list of schedules: what it shows, finds and costs."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from schedules import editing
from schedules.admin import schedule_cells
from schedules.database.clock import database_now
from schedules.database.ulids import lowest_ulid_at
from schedules.models import Agent, NextFire, RunState, Schedule
from schedules.overview.newest_runs import SHOWN_RUNS
from tests.console.browser import text_of
from tests.factories import finish, make_agent, make_due_schedule, make_run, make_schedule, make_workspace

pytestmark = pytest.mark.django_db

LIST = reverse("admin:schedules_schedule_changelist")
MOST_QUERIES = 12


def names_in(client: Client, **query: str) -> set[str]:
    """The display names of the listed schedules."""
    listed = client.get(LIST, query).context["cl"].result_list
    return {schedule.display_name for schedule in listed}


def test_a_row_says_what_when_and_how_it_went(operator: Client) -> None:
    now = database_now()
    schedule = make_schedule(make_agent(tags=("v2",)), now, display_name="Digest", agent_tag="v2")
    make_run(schedule, state=RunState.SUCCEEDED, cost=1_230_000_000, input_tokens=1234, **_took(now, 5))
    newest = make_run(schedule, state=RunState.FAILED, cost=20_000_000, output_tokens=1, **_took(now, 2))

    shown = text_of(operator.get(LIST))

    assert "Digest" in shown
    assert "digest@v2" in shown
    assert schedule.expression in shown
    assert "at 09:00:00 UTC, every day" in shown
    assert f"{schedule.next_fire_at:%Y-%m-%d %H:%M:%S} UTC" in shown
    assert reverse("admin:schedules_run_change", args=(newest.id,)) in shown
    assert "Its last 2 runs: 1 " in shown
    assert "5 s" in shown
    assert "$1.25" in shown
    assert "1,235 tokens" in shown


def _took(now: datetime, seconds: int) -> dict[str, Any]:
    return {"started_at": now, "finished_at": now + timedelta(seconds=seconds)}


def test_the_strip_is_of_the_newest_runs_of_its_schedule_alone(operator: Client) -> None:
    agent, now = make_agent(), database_now()
    mine, other = make_schedule(agent, now), make_schedule(agent, now)
    make_run(mine, state=RunState.FAILED)
    for _ in range(SHOWN_RUNS):
        make_run(mine, state=RunState.SUCCEEDED)
    make_run(other, state=RunState.CANCELLED)

    shown = text_of(operator.get(LIST))

    assert f"Its last {SHOWN_RUNS} runs: {SHOWN_RUNS} succeeded" in shown
    assert "Its last 1 run: 1 cancelled" in shown


def test_what_was_spent_before_the_week_is_left_out(operator: Client) -> None:
    schedule, now = make_schedule(now=database_now()), database_now()
    for age in (timedelta(days=6), timedelta(days=8)):
        make_run(schedule, state=RunState.SUCCEEDED, cost=1_000_000_000, id=lowest_ulid_at(now - age))

    assert "$1.00" in text_of(operator.get(LIST))


def test_by_the_next_fire_those_without_one_come_last_in_both_directions(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, agent = database_now(), make_agent()
    for name, expression in (("later", "0 0 9 1 1 *"), ("sooner", "@every 1h")):
        kind = "interval" if expression.startswith("@") else "cron"
        make_schedule(agent, now, display_name=name, type=kind, expression=expression)
    paused = make_schedule(agent, now, display_name="paused")
    editing.update(paused.id, {"is_active": False}, "apk_test", now)

    def order(**query: str) -> list[str | None]:
        return [each.display_name for each in operator.get(LIST, query).context["cl"].result_list]

    column = str(1 + [*operator.get(LIST).context["cl"].list_display[1:]].index(schedule_cells.next_fire))
    monkeypatch.setattr("schedules.admin.schedule_pages.ScheduleAdmin.list_per_page", 2)
    assert order(o=column) + order(o=column, p="2") == ["sooner", "later", "paused"]
    assert order(o=f"-{column}") + order(o=f"-{column}", p="2") == ["later", "sooner", "paused"]


def test_a_row_without_a_name_shows_agent_and_id(operator: Client) -> None:
    schedule = make_schedule(now=database_now())

    shown = text_of(operator.get(LIST))

    assert "digest" in shown
    assert schedule.id in shown
    assert "None" not in shown


def test_why_a_schedule_does_not_fire_can_be_read(operator: Client) -> None:
    now, agent = database_now(), make_agent()
    paused, suspended = make_schedule(agent, now), make_schedule(agent, now)
    editing.update(paused.id, {"is_active": False}, "apk_test", now)
    NextFire.objects.filter(schedule=suspended).update(suspended_until=now + timedelta(minutes=5))
    once = make_due_schedule(agent, now + timedelta(hours=1))
    finish(once)

    shown = text_of(operator.get(LIST))

    for label in ("paused", "suspended", "finished"):
        assert shown.count(f"\n{label}\n") == 1


def test_an_expression_of_another_version_does_not_break_the_list(operator: Client) -> None:
    schedule = make_schedule(now=database_now())
    Schedule.objects.filter(id=schedule.id).update(expression="@fortnightly")

    assert "cannot be read" in text_of(operator.get(LIST))
    assert operator.get(reverse("admin:schedules_schedule_change", args=(schedule.id,))).status_code == 200


def test_filters_narrow_the_list(operator: Client) -> None:
    now, one, two = database_now(), make_agent(key="one"), make_agent(key="two")
    make_schedule(one, now, display_name="a")
    make_schedule(two, now, display_name="b", type="interval", expression="@every 6h")
    paused = make_schedule(two, now, display_name="c")
    editing.update(paused.id, {"is_active": False}, "apk_test", now)

    assert names_in(operator) == {"a", "b", "c"}
    assert names_in(operator, workspace=str(one.workspace_id)) == {"a"}
    assert names_in(operator, agent=two.pk) == {"b", "c"}
    assert names_in(operator, type__exact="interval") == {"b"}
    assert names_in(operator, activity="active") == {"a", "b"}
    assert names_in(operator, activity="paused") == {"c"}
    assert names_in(operator, activity="finished") == set()
    assert names_in(operator, activity="nonsense") == {"a", "b", "c"}
    assert names_in(operator, agent="a\0b") == {"a", "b", "c"}


def test_a_workspace_id_that_is_none_is_no_error_page(operator: Client) -> None:
    make_workspace()

    assert operator.get(LIST, {"workspace": "nonsense"}).status_code == 302


def test_deleted_schedules_are_listed_only_when_asked_for(operator: Client) -> None:
    now, agent = database_now(), make_agent()
    make_schedule(agent, now, display_name="live")
    gone = make_schedule(agent, now, display_name="gone")
    editing.delete(gone.id, "apk_test", now)

    assert names_in(operator) == {"live"}
    assert names_in(operator, deleted="only") == {"gone"}
    assert names_in(operator, deleted="all") == {"live", "gone"}


def test_search_finds_by_id_name_and_agent_key(operator: Client) -> None:
    now, one, two = database_now(), make_agent(key="invoice.checker"), make_agent(key="digest")
    first = make_schedule(one, now, display_name="Morning")
    make_schedule(two, now, display_name="Evening")

    assert names_in(operator, q="morn") == {"Morning"}
    assert names_in(operator, q="digest") == {"Evening"}
    assert names_in(operator, q=first.id.lower()) == {"Morning"}
    assert names_in(operator, q="nothing") == set()
    assert operator.get(LIST, {"q": "a\0b"}).status_code == 200


def test_agents_of_one_key_are_told_apart_by_their_workspace(operator: Client) -> None:
    first, second = make_workspace("Acme"), make_workspace("Globex")
    for workspace in (first, second):
        make_agent(workspace, key="digest")

    everywhere = text_of(operator.get(LIST))
    in_one = text_of(operator.get(LIST, {"workspace": str(first.pk)}))

    assert "digest (Acme)" in everywhere
    assert "digest (Globex)" in everywhere
    assert "digest (" not in in_one


def make_many(agent: Agent, count: int) -> None:
    """Schedules with two runs each."""
    for _ in range(count):
        schedule = make_schedule(agent, database_now())
        make_run(schedule)
        make_run(schedule, state=RunState.SUCCEEDED)


def test_the_list_costs_the_same_for_two_rows_and_for_fifty(operator: Client) -> None:
    agent = make_agent()
    make_many(agent, 2)
    operator.get(LIST)
    with CaptureQueriesContext(connection) as few:
        operator.get(LIST)
    few_queries = len(few)
    make_many(agent, 48)

    with CaptureQueriesContext(connection) as many:
        response = operator.get(LIST)

    assert len(response.context["cl"].result_list) == 50
    assert len(many) == few_queries <= MOST_QUERIES


def test_the_list_does_not_read_payloads(operator: Client) -> None:
    make_schedule(now=database_now(), payload={"input": "x" * 1000})

    with CaptureQueriesContext(connection) as queries:
        operator.get(LIST)

    assert not [query for query in queries if '"payload"' in query["sql"]]
