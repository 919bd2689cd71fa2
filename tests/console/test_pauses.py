"""Pausing with a note and an end, lifting holds, and where they are shown; who may is the table of roles."""

from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from schedules import access
from schedules.models import Hold, Role, Schedule
from tests.console.browser import forms_to, messages_of, text_of
from tests.factories import make_agent, make_hold, make_run, make_schedule, make_workspace

pytestmark = pytest.mark.django_db

FRONT = reverse("admin:index")
EVERYTHING = reverse("admin:schedules_workspace_everything")
RELEASE = reverse("admin:schedules_workspace_release")
WORDS = "agent digest, by anna, 'The provider is down'"


@pytest.fixture
def schedule() -> Schedule:
    """Hourly, made just now."""
    return make_schedule(now=datetime.now(UTC), expression="0 0 * * * *")


def page_of(row: Any, page: str = "change", *args: str) -> str:
    """One of the row's pages."""
    return reverse(f"admin:schedules_{row._meta.model_name}_{page}", args=(row.pk, *args))


def shown(client: Client, address: str) -> str:
    """All the text of a page."""
    response = client.get(address)
    assert response.status_code == 200
    return unescape(text_of(response))


def log_in(role: Role | None, schedule: Schedule) -> Client:
    """A person with this role in the schedule's workspace; None: a superuser."""
    user = User.objects.create(username="kim", is_staff=True, is_superuser=role is None)
    if role is not None:
        access.give(user, schedule.workspace, role, signature="test")
    client = Client()
    client.force_login(user)
    return client


class TestTheForm:
    def test_a_schedule_is_paused_with_note_and_end(self, operator: Client, schedule: Schedule) -> None:
        until = (datetime.now(UTC) + timedelta(days=2)).replace(second=0, microsecond=0)
        form = {"note": "Too loud", "until": f"{until:%Y-%m-%dT%H:%M}"}

        response: Any = operator.post(page_of(schedule, "pause"), form, follow=True)

        schedule.refresh_from_db()
        assert (schedule.is_active, schedule.pause_note, schedule.paused_until) == (False, "Too loud", until)
        assert response.redirect_chain[-1][0] == page_of(schedule)
        assert f"'Too loud', until {until:%Y-%m-%d %H:%M}:00 UTC" in unescape(text_of(response))

    def test_an_agents_says_what_it_stops_and_holds_it(self, operator: Client, schedule: Schedule) -> None:
        make_run(schedule)

        assert "agent digest: 1 active schedule, 1 waiting run" in shown(
            operator, page_of(schedule.agent, "pause")
        )
        response = operator.post(page_of(schedule.agent, "pause"), {"note": "Too loud"}, follow=True)

        hold = Hold.objects.get()
        assert (hold.agent_id, hold.note, hold.until_at) == (schedule.agent_id, "Too loud", None)
        assert messages_of(response)[0].startswith("Paused agent digest")

    def test_a_workspaces_holds_it(self, operator: Client, schedule: Schedule) -> None:
        operator.post(page_of(schedule.workspace, "pause"), {})

        assert Hold.objects.get().scope == "workspace"

    @pytest.mark.parametrize("until", ["2020-01-01T00:00", "soon"])
    def test_an_end_that_is_none_is_refused_beside_its_field(
        self, operator: Client, schedule: Schedule, until: str
    ) -> None:
        for row in (schedule, schedule.agent, schedule.workspace):
            response: Any = operator.post(page_of(row, "pause"), {"until": until})

            assert response.context["form"].errors.keys() == {"until"}
        assert not Hold.objects.exists()
        assert Schedule.objects.get().is_active


class TestLooking:
    def test_a_hold_is_shown_on_every_page_it_concerns(self, operator: Client, schedule: Schedule) -> None:
        make_hold(schedule.agent, datetime.now(UTC))

        for address in (page_of(schedule), page_of(schedule.agent), FRONT):
            assert WORDS in shown(operator, address)
        for model in ("schedule", "agent"):
            listed = shown(operator, reverse(f"admin:schedules_{model}_changelist"))
            assert "held" in listed
        assert "none while it is held" in shown(operator, page_of(schedule))

    def test_a_held_schedule_offers_no_run_now(self, operator: Client, schedule: Schedule) -> None:
        make_hold(schedule.workspace, datetime.now(UTC))

        assert not [form for form in forms_to(operator.get(page_of(schedule))) if "run-now" in form]

    def test_the_front_page_says_nothing_of_what_is_not_held(
        self, operator: Client, schedule: Schedule
    ) -> None:
        make_hold(schedule.agent, datetime.now(UTC), ended_at=datetime.now(UTC))

        assert "Held" not in shown(operator, FRONT)

    def test_a_member_sees_the_holds_of_their_workspaces_and_of_everything(self, schedule: Schedule) -> None:
        member = log_in(Role.VIEWER, schedule)
        make_hold(make_agent(make_workspace(), "secret.agent"), datetime.now(UTC))
        make_hold(schedule.agent, datetime.now(UTC))
        make_hold(None, datetime.now(UTC))

        text = shown(member, FRONT)

        assert "secret.agent" not in text
        assert WORDS in text
        assert "Held: everything" in text


class TestLifting:
    def test_a_button_lifts_its_own_hold_and_no_other(self, operator: Client, schedule: Schedule) -> None:
        make_hold(schedule.agent, datetime.now(UTC))
        make_hold(schedule.workspace, datetime.now(UTC))

        response = operator.post(page_of(schedule.agent, "do", "release"), follow=True)

        assert messages_of(response) == ["1 agent released"]
        assert Hold.objects.get(ended_at=None).scope == "workspace"

    def test_what_is_not_held_has_no_button(self, operator: Client, schedule: Schedule) -> None:
        assert not [form for form in forms_to(operator.get(page_of(schedule.agent))) if "release" in form]


class TestEverything:
    def test_a_superuser_stops_it_and_lets_it_go(self, operator: Client, schedule: Schedule) -> None:
        assert "Stop everything …" in shown(operator, FRONT)

        operator.post(EVERYTHING, {"note": "Fire"})
        held = shown(operator, FRONT)
        operator.post(RELEASE)

        assert "Held: everything, by" in held
        assert "Release everything" in held
        assert Hold.objects.get().ended_at is not None

    def test_it_is_for_nobody_else(self, schedule: Schedule) -> None:
        administrator = log_in(Role.ADMINISTRATOR, schedule)
        make_hold(None, datetime.now(UTC))

        assert "everything …" not in shown(administrator, FRONT)
        assert administrator.get(EVERYTHING).status_code == 403
        assert administrator.post(EVERYTHING, {}).status_code == 403
        assert administrator.post(RELEASE).status_code == 403
        assert Hold.objects.get().ended_at is None

    def test_a_get_lets_nothing_go(self, operator: Client) -> None:
        make_hold(None, datetime.now(UTC))

        assert operator.get(RELEASE).status_code == 405
        assert Hold.objects.get().ended_at is None


MAY_PAUSE = {
    "schedule": Role.OPERATOR,
    "agent": Role.OPERATOR,
    "workspace": Role.ADMINISTRATOR,
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("model", MAY_PAUSE)
def test_who_may_pause_is_the_table_of_roles(schedule: Schedule, role: Role, model: str) -> None:
    client = log_in(role, schedule)
    row = {"schedule": schedule, "agent": schedule.agent, "workspace": schedule.workspace}[model]
    may = role.includes(MAY_PAUSE[model])

    assert client.get(page_of(row, "pause")).status_code == (200 if may else 403)
    assert client.post(page_of(row, "pause"), {}).status_code == (302 if may else 403)

    assert (page_of(row, "pause") in client.get(page_of(row)).content.decode()) == may
    assert (Hold.objects.exists() or not Schedule.objects.get().is_active) == may


@pytest.mark.parametrize("model", MAY_PAUSE)
def test_another_workspaces_row_is_not_found(schedule: Schedule, model: str) -> None:
    client = log_in(Role.ADMINISTRATOR, schedule)
    other = make_schedule(make_agent(key="other"))
    row = {"schedule": other, "agent": other.agent, "workspace": other.workspace}[model]

    assert client.get(page_of(row, "pause")).status_code == 404
    assert client.post(page_of(row, "pause"), {}).status_code == 404

    assert not Hold.objects.exists()
