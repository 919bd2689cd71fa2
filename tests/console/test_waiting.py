"""Waiting runs: the agents that runs wait for, and what each waits for."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from schedules.database.clock import database_now
from schedules.models import Agent, Role, RunState
from schedules.overview import waiting
from tests.console.browser import text_of
from tests.console.conftest import MakePerson
from tests.factories import make_agent, make_hold, make_run, make_schedule, make_workspace

pytestmark = pytest.mark.django_db

WAITING = reverse("waiting")


def make_waiting(agent: Agent, count: int = 1, ago: timedelta = timedelta(minutes=5)) -> None:
    """So many runs that have been due for so long."""
    due_at = database_now() - ago
    for _ in range(count):
        make_run(make_schedule(agent), not_before=due_at, redispatch_at=due_at)


def make_running(agent: Agent, count: int) -> None:
    """Calls in flight."""
    lease = database_now() + timedelta(minutes=1)
    for _ in range(count):
        make_run(make_schedule(agent), state=RunState.RUNNING, lease_expires_at=lease)


def rows_of(client: Client) -> list[list[Any]]:
    """The cells of the table."""
    rows: list[list[Any]] = client.get(WAITING).context["table"]["rows"]
    return rows


def test_the_longest_wait_stands_first(operator: Client) -> None:
    workspace = make_workspace("Acme")
    short, long = make_agent(workspace, "short"), make_agent(workspace, "long")
    make_waiting(short, 2, timedelta(minutes=3))
    make_waiting(long, 1, timedelta(hours=2))
    make_agent(workspace, "idle")

    [first, second] = rows_of(operator)

    assert "long" in first[0]
    assert "2 h ago" in first[2]
    assert "short" in second[0]
    assert ">2<" in second[2]
    assert "Acme" in second[1]


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (2, "its agent has 2 of 2 calls in flight"),
        (3, "a worker that is free"),
        (0, "a worker that is free"),
    ],
)
def test_what_a_run_waits_for_is_said(operator: Client, limit: int, words: str) -> None:
    workspace = make_workspace()
    workspace.max_in_flight = 0
    workspace.save()
    agent = make_agent(workspace, max_in_flight=limit)
    make_waiting(agent)
    make_running(agent, 2)

    assert rows_of(operator)[0][4] == words


def test_the_workspace_may_be_what_is_full(operator: Client) -> None:
    workspace = make_workspace()
    workspace.max_in_flight = 1
    workspace.save()
    make_waiting(make_agent(workspace, "waits"))
    make_running(make_agent(workspace, "busy"), 1)

    [row] = rows_of(operator)

    assert row[4] == "its workspace has 1 of 1 calls in flight"


def test_a_hold_and_a_time_to_come_are_reasons(operator: Client) -> None:
    held, later = make_agent(key="held"), make_agent(key="later")
    make_waiting(held)
    make_waiting(later, ago=-timedelta(hours=1))
    make_hold(held)

    why = {row[0].split(">")[1].split("<")[0]: row[4] for row in rows_of(operator)}

    assert "The provider is down" in why["held"]
    assert why["later"] == "none is due yet"


def test_nothing_that_waits_is_said(operator: Client) -> None:
    assert "Nothing waits" in text_of(operator.get(WAITING))


def test_the_count_is_bounded(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MOST_COUNTED", 2)
    make_waiting(make_agent(), 3)

    assert ">2 or more<" in rows_of(operator)[0][2]


def test_a_person_sees_what_waits_in_their_workspaces(person: MakePerson) -> None:
    mine, foreign = make_agent(key="mine"), make_agent(make_workspace("other"), "foreign")
    make_waiting(mine)
    make_waiting(foreign)

    shown = text_of(person(Role.VIEWER, mine.workspace).get(WAITING))

    assert "mine" in shown
    assert "foreign" not in shown


def test_who_has_no_role_and_who_has_not_signed_in_see_nothing(client: Client, person: MakePerson) -> None:
    assert client.get(WAITING).status_code == 302
    assert person("*").post(WAITING).status_code == 405


def test_it_costs_the_same_for_two_agents_and_for_twenty(operator: Client) -> None:
    for number in range(20):
        make_waiting(make_agent(key=f"a{number}"))
    operator.get(WAITING)

    with CaptureQueriesContext(connection) as queries:
        operator.get(WAITING)

    assert len(queries) <= 10
