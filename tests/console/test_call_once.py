"""Calling an agent once by hand: a schedule that fires in ten seconds, for whoever may add schedules to it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from schedules.database.clock import database_now
from schedules.models import Agent, Role, Schedule
from tests.console.browser import messages_of, text_of
from tests.console.conftest import MakePerson
from tests.factories import make_agent, make_workspace
from tests.firing import fire

pytestmark = pytest.mark.django_db


def page_of(agent: Agent) -> str:
    return reverse("admin:schedules_agent_call", args=(agent.pk,))


def test_it_fires_in_ten_seconds_and_never_again(operator: Client) -> None:
    agent, now = make_agent(), database_now()

    response = operator.post(page_of(agent), {"input": "Are you there?"}, follow=True)

    schedule = Schedule.objects.get()
    assert response.redirect_chain == [(reverse("admin:schedules_schedule_change", args=(schedule.pk,)), 302)]
    assert "until then a pause undoes it" in messages_of(response)[0]
    assert (schedule.type, schedule.payload) == ("once", {"input": "Are you there?"})
    assert schedule.next_fire_at is not None
    assert timedelta(seconds=10) <= schedule.next_fire_at - now <= timedelta(seconds=13)
    assert fire(schedule.next_fire_at, 10) == 1
    schedule.refresh_from_db()
    assert schedule.is_finished


def test_the_agents_page_leads_there(operator: Client) -> None:
    agent = make_agent()

    shown = text_of(operator.get(reverse("admin:schedules_agent_change", args=(agent.pk,))))

    assert page_of(agent) in shown
    assert "Call once …" in shown


def test_nothing_is_called_without_a_word(operator: Client) -> None:
    agent = make_agent()

    response = operator.post(page_of(agent), {"input": " "})

    assert "This field is required" in text_of(response)
    assert not Schedule.objects.exists()


def test_a_deleted_agent_is_not_found(operator: Client) -> None:
    agent = make_agent()
    Agent.objects.update(deleted_at=database_now())

    assert operator.post(page_of(agent), {"input": "Hello"}).status_code == 404
    assert not Schedule.objects.exists()


@pytest.mark.parametrize(("role", "status"), [(Role.OPERATOR, 403), (Role.EDITOR, 302)])
def test_whoever_may_add_schedules_may_call(person: MakePerson, role: Role, status: int) -> None:
    agent = make_agent()
    client = person(role, agent.workspace)

    assert client.post(page_of(agent), {"input": "Hello"}).status_code == status
    assert Schedule.objects.count() == (1 if status == 302 else 0)


def test_an_agent_of_another_workspace_is_not_found(person: MakePerson) -> None:
    agent = make_agent(make_workspace("other"))

    assert person(Role.EDITOR, make_workspace()).post(page_of(agent), {"input": "Hello"}).status_code == 404
    assert not Schedule.objects.exists()
