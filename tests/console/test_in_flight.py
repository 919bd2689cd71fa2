"""Limits of calls in flight in the console: set on two pages, and told on the page of a run that waits."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from schedules.database.clock import database_now
from schedules.models import RunState, Workspace
from tests.console.browser import form_of, text_of
from tests.factories import make_agent, make_run, make_schedule, make_workspace

pytestmark = pytest.mark.django_db


def save(client: Client, address: str, form: str, **written: str) -> None:
    response = client.post(address, form_of(client.get(address), form) | written)
    assert response.status_code == 302, response.context["adminform"].form.errors


@pytest.mark.parametrize(("written", "limit"), [("30", 30), ("0", 0), ("", None)])
def test_an_agents_limit_is_set(operator: Client, written: str, limit: int | None) -> None:
    agent = make_agent(max_in_flight=5)

    address = reverse("admin:schedules_agent_change", args=(agent.pk,))
    save(operator, address, "agent_form", max_in_flight=written)

    agent.refresh_from_db()
    assert agent.max_in_flight == limit


def test_a_workspaces_limit_is_set(operator: Client) -> None:
    workspace = make_workspace()

    address = reverse("admin:schedules_workspace_change", args=(workspace.pk,))
    save(operator, address, "workspace_form", max_in_flight="30")

    assert Workspace.objects.get().max_in_flight == 30


def test_the_page_of_a_run_says_what_it_waits_for(operator: Client) -> None:
    schedule = make_schedule(make_agent(max_in_flight=1))
    lease = database_now() + timedelta(minutes=1)
    make_run(schedule, state=RunState.RUNNING, lease_expires_at=lease)
    run = make_run(schedule)

    page = operator.get(reverse("admin:schedules_run_change", args=(run.pk,)))

    assert "waits: its agent has 1 of 1 calls in flight" in text_of(page)
