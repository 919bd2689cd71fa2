"""The journal in the console: a list to search, a page of each line, and each object's history; nobody edits it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from schedules import access, agents, api_keys, editing
from schedules.actors import Actor, ActorKind, acting
from schedules.admin import bounded_paginator
from schedules.models import JournalEntry, Role, Scope
from tests.api.caller import Caller, schedule_path
from tests.console.browser import text_of
from tests.console.conftest import MakePerson
from tests.factories import NOON, make_agent, make_run, make_schedule, make_token, make_workspace

pytestmark = pytest.mark.django_db

LIST = reverse("admin:schedules_journalentry_changelist")
ANNA = Actor(ActorKind.USER, "7", "anna", "192.0.2.1")


def history(row: Any) -> str:
    """Where its history is."""
    names = row._meta
    return reverse(f"admin:{names.app_label}_{names.model_name}_history", args=(row.pk,))


def shown(client: Client, query: str = "") -> set[str]:
    """The ids of the lines that the list shows."""
    return {line.pk for line in client.get(f"{LIST}{query}").context["cl"].result_list}


def lines_of(**where: Any) -> set[str]:
    return set(JournalEntry.objects.filter(**where).values_list("pk", flat=True))


class TestTheList:
    def test_it_says_who_did_what_to_what_and_how(self, operator: Client) -> None:
        schedule = make_schedule(display_name="Morning")
        with acting(lambda: ANNA):
            editing.update(schedule.id, {"display_name": "Evening", "is_active": False}, "user_anna", NOON)

        page = text_of(operator.get(f"{LIST}?q={schedule.id}"))

        for text in (
            "anna",
            "console user, 192.0.2.1",
            "changed",
            "Evening",
            "Morning → Evening",
            "yes → no",
        ):
            assert text in page
        assert reverse("admin:schedules_schedule_change", args=(schedule.pk,)) in page

    def test_it_is_searched_by_the_id_of_an_object_a_key_or_a_line(self, operator: Client) -> None:
        schedule, other = make_schedule(), make_schedule(make_agent())
        key = api_keys.issue(schedule.workspace, scope=Scope.READ).key
        with acting(lambda: Actor(ActorKind.KEY, key.id, "CI")):
            editing.delete(other.id, "apk_x", NOON)

        assert shown(operator, f"?q={schedule.id.lower()}") == lines_of(object_id=schedule.id)
        assert shown(operator, f"?q={key.actor}") == lines_of(actor_id=key.id)
        [line] = lines_of(actor_id=key.id)
        assert shown(operator, f"?q={line}") == {line}

    def test_it_is_searched_by_the_name_of_a_user_or_a_key(self, operator: Client) -> None:
        schedule = make_schedule()
        key = api_keys.issue(schedule.workspace, scope=Scope.WRITE, name="The CI").key
        user = User.objects.get(username="operator")
        with acting(lambda: Actor(ActorKind.KEY, key.id, "The CI")):
            editing.update(schedule.id, {"display_name": "x"}, "apk_x", NOON)
        operator.post(reverse("admin:schedules_schedule_do", args=(schedule.pk, "pause")))

        assert shown(operator, "?q=The+CI") == lines_of(actor_id=key.id)
        assert shown(operator, "?q=operator") == lines_of(actor_kind="user", actor_id=str(user.pk))
        assert shown(operator, "?q=nobody") == set()

    def test_it_is_filtered(self, operator: Client) -> None:
        mine, other = make_schedule(), make_schedule(make_agent())
        with acting(lambda: ANNA):
            editing.delete(other.id, "user_anna", NOON)

        assert shown(operator, f"?workspace={mine.workspace_id}") == lines_of(workspace_id=mine.workspace_id)
        assert shown(operator, "?verb=delete") == lines_of(verb="delete")
        assert shown(operator, "?object=workspace") == lines_of(object_type="workspace")
        assert shown(operator, "?actor=user") == lines_of(actor_kind="user")
        assert shown(operator, "?made=older") == set()

    def test_a_filter_that_is_none_is_no_error_page(self, operator: Client) -> None:
        for query in ("?workspace=x", "?verb=x", "?object=%00", "?actor=x", "?made=x", "?q=%00", "?q=💥"):
            assert operator.get(f"{LIST}{query}").status_code in (200, 302), query

    def test_it_never_counts_the_whole(self, operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bounded_paginator, "COUNTED_ROWS", 60)
        schedule = make_schedule()
        for number in range(70):
            editing.update(schedule.id, {"display_name": f"{number}"}, "apk_x", NOON)

        with CaptureQueriesContext(connection) as queries:
            response = operator.get(LIST)

        assert response.context["cl"].paginator.is_cut
        counts = [
            query["sql"] for query in queries if "COUNT(*)" in query["sql"] and "journal" in query["sql"]
        ]
        assert counts
        assert all("LIMIT 61" in sql for sql in counts)
        assert len(queries) <= 15


class TestALinesPage:
    def test_it_shows_all_changes_in_full(self, operator: Client) -> None:
        agent = agents.create(make_workspace(), "digest", {"runtime": "echo", "max_attempts": 9})
        line = JournalEntry.objects.get(object_id=agent.id)

        page = text_of(operator.get(reverse("admin:schedules_journalentry_change", args=(line.pk,))))

        assert len(line.changes) > 4
        for name in line.changes:
            assert name.replace("_", " ") in page

    def test_nobody_adds_changes_or_deletes_one_a_superuser_neither(self, operator: Client) -> None:
        make_schedule()
        before = list(JournalEntry.objects.order_by("id").values())
        line = before[0]["id"]
        change = reverse("admin:schedules_journalentry_change", args=(line,))

        assert operator.get(reverse("admin:schedules_journalentry_add")).status_code == 403
        assert operator.post(change, {"actor_name": "somebody else"}).status_code == 403
        delete = reverse("admin:schedules_journalentry_delete", args=(line,))
        assert operator.post(delete, {"post": "yes"}).status_code == 403
        form = {"action": "delete_selected", "_selected_action": line, "post": "yes"}
        operator.post(LIST, form)

        assert list(JournalEntry.objects.order_by("id").values()) == before
        assert 'name="_save"' not in text_of(operator.get(change))
        assert 'name="action"' not in text_of(operator.get(LIST))


class TestHistory:
    def test_a_schedules_has_edits_over_the_api_too(self, operator: Client) -> None:
        schedule = make_schedule()
        api = Caller(make_token(schedule.workspace, name="CI"))
        api.patch(schedule_path(schedule), {"expression": "@daily", "display_name": "Evening"})
        operator.post(reverse("admin:schedules_schedule_do", args=(schedule.pk, "pause")))

        page = text_of(operator.get(history(schedule)))

        order = [page.index(text) for text in ("yes → no", f"{schedule.expression} → @daily", "created")]
        assert order == sorted(order)
        for text in ("API key, 127.0.0.1", "CI", "operator", "nothing → Evening"):
            assert text in page

    @pytest.mark.parametrize("name", ["agent", "key", "workspace", "run", "user"])
    def test_every_object_has_its_own(self, operator: Client, name: str) -> None:
        agent = agents.create(make_workspace("Acme"), "digest", {"runtime": "echo"})
        make_agent(key="another")
        agents.update(agent.id, {"max_attempts": 9}, may_change_origin=False)
        run = make_run(make_schedule(agent))
        operator.post(reverse("admin:schedules_run_do", args=(run.pk, "cancel")))
        key = api_keys.issue(agent.workspace, scope=Scope.READ, name="CI").key
        user = User.objects.create(username="anna")
        rows = {"agent": agent, "key": key, "workspace": agent.workspace, "run": run, "user": user}
        words = {
            "agent": "5 → 9",
            "key": "CI",
            "workspace": "Acme",
            "run": "cancelled",
            "user": "anna",
        }

        page = text_of(operator.get(history(rows[name])))

        assert words[name] in page
        assert "another" not in page

    def test_it_has_pages(self, operator: Client) -> None:
        schedule = make_schedule()
        for number in range(105):
            editing.update(schedule.id, {"display_name": f"name-{number:03}"}, "apk_x", NOON)

        first = operator.get(history(schedule))
        older = text_of(operator.get(f"{history(schedule)}?after={first.context['history']['older']}"))

        assert "name-103" in text_of(first)
        assert "created" not in text_of(first)
        assert "created" in older
        assert "name-103" not in older

    def test_an_odd_position_is_the_first_page(self, operator: Client) -> None:
        schedule = make_schedule()

        for odd in ("x", "%00", "01KPN29WWKSK0VDPJNTKZPVNRB"):
            assert "created" in text_of(operator.get(f"{history(schedule)}?after={odd}"))

    def test_who_may_not_see_the_journal_sees_the_own_acts(self, person: MakePerson) -> None:
        schedule = make_schedule()
        with acting(lambda: ANNA):
            editing.update(schedule.id, {"display_name": "by anna"}, "user_anna", NOON)
        lee = person(Role.OPERATOR, schedule.workspace, username="lee")
        lee.post(reverse("admin:schedules_schedule_do", args=(schedule.pk, "pause")))
        access.give(User.objects.get(username="lee"), schedule.workspace, Role.VIEWER, signature="test")
        mia = person(Role.OPERATOR, schedule.workspace, username="mia")

        assert "yes → no" in text_of(lee.get(history(schedule)))
        assert "anna" not in str(lee.get(history(schedule)).context["history"]["table"])
        assert len(lee.get(history(schedule)).context["history"]["table"]["rows"]) == 1
        assert len(mia.get(history(schedule)).context["history"]["table"]["rows"]) == 3

    def test_of_what_is_not_there_there_is_none(self, operator: Client) -> None:
        address = reverse("admin:schedules_schedule_history", args=("nobody",))

        assert operator.get(address).status_code == 302
