"""May an outsider? Every page and every verb, asked by people without the right."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from schedules import api_keys
from schedules.database.clock import database_now
from schedules.models import (
    ApiKey,
    JournalEntry,
    MissedFiring,
    Role,
    Run,
    RunState,
    Schedule,
    Scope,
    Workspace,
)
from tests.console.browser import forms_to, text_of
from tests.console.conftest import MakePerson
from tests.factories import NOON, make_agent, make_run, make_schedule, make_workspace

MODELS = {
    "schedule": "schedules",
    "run": "schedules",
    "missedfiring": "schedules",
    "agent": "schedules",
    "apikey": "schedules",
    "journalentry": "schedules",
    "workspace": "schedules",
    "membership": "schedules",
    "user": "auth",
    "group": "auth",
    "periodictask": "django_celery_beat",
}
VERBS = [
    ("schedule", "run-now"),
    ("schedule", "pause"),
    ("schedule", "resume"),
    ("run", "cancel"),
    ("run", "retry"),
    ("apikey", "revoke"),
]


VISIBLE = ("schedule", "run", "missedfiring", "agent", "workspace")
"""To every member."""


@pytest.fixture
def workspace(db: None) -> Workspace:
    """Where all rows are."""
    return make_workspace()


@pytest.fixture
def rows(workspace: Workspace) -> dict[str, str]:
    """One row of each model that has a page, by the model's name: its id."""
    agent = make_agent(workspace)
    schedule = make_schedule(agent, now=database_now())
    run = make_run(schedule, state=RunState.FAILED)
    missed = MissedFiring.objects.create(
        schedule=schedule,
        generation=1,
        first_fire_time=NOON,
        last_fire_time=NOON,
        count=1,
        reason="coalesced",
    )
    key = api_keys.issue(agent.workspace, scope=Scope.READ).key
    line = JournalEntry.objects.get(object_id=schedule.pk)
    ids = {
        "schedule": schedule.pk,
        "journalentry": line.pk,
        "run": run.pk,
        "missedfiring": missed.pk,
        "agent": agent.pk,
    }
    return {name: str(pk) for name, pk in (ids | {"apikey": key.pk, "workspace": agent.workspace_id}).items()}


def page(model: str, name: str, *args: str) -> str:
    """The address of one of a model's pages."""
    return reverse(f"admin:{MODELS[model]}_{model}_{name}", args=args)


def everything() -> list[object]:
    """What no outsider may have changed."""
    return [
        *Schedule.objects.values_list("id", "is_active", "updated_at", "deleted_at"),
        *Run.objects.values_list("id", "state"),
        *ApiKey.objects.values_list("id", "revoked_at"),
    ]


def test_somebody_unknown_is_sent_to_the_login(rows: dict[str, str]) -> None:
    pages = [page(model, name) for model in MODELS for name in ("changelist", "add")]
    pages += [page(model, name, pk) for model, pk in rows.items() for name in ("change", "delete", "history")]

    for address in pages:
        response = Client().get(address)

        assert response.status_code == 302, address
        assert response["Location"] == f"{reverse('admin:login')}?next={address}"


def test_staff_without_a_role_see_nothing_whatever_django_permits_them(rows: dict[str, str]) -> None:
    user = User.objects.create(username="kim", is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    nobody = Client()
    nobody.force_login(user)
    pages = [page(model, name) for model in MODELS for name in ("changelist", "add")]
    pages += [page(model, name, pk) for model, pk in rows.items() for name in ("change", "delete", "history")]

    for address in pages:
        assert nobody.get(address).status_code == 403, address


def test_the_sidebar_has_no_link_to_what_one_may_not_see(person: MakePerson) -> None:
    shown = text_of(person(Role.VIEWER).get(reverse("admin:index")))

    assert page("run", "changelist") in shown
    for model in ("apikey", "membership", "user", "group", "periodictask"):
        assert page(model, "changelist") not in shown


def test_who_may_view_sees_pages_without_a_way_to_change_anything(
    rows: dict[str, str], workspace: Workspace, person: MakePerson
) -> None:
    viewer = person(Role.VIEWER, workspace)

    for model, pk in ((model, rows[model]) for model in VISIBLE):
        listed = viewer.get(page(model, "changelist"))
        shown = viewer.get(page(model, "change", pk))

        assert listed.status_code == shown.status_code == 200
        assert not [action for action in forms_to(shown) if "/do/" in action]
        assert 'name="_save"' not in text_of(shown)
        assert 'name="action"' not in text_of(listed)
        assert viewer.get(page(model, "add")).status_code == 403


def test_who_may_only_view_cannot_post_a_form(
    rows: dict[str, str], workspace: Workspace, person: MakePerson
) -> None:
    viewer, before = person(Role.VIEWER, workspace), everything()

    for model, pk in rows.items():
        response = viewer.post(page(model, "change", pk), {"display_name": "mine"})

        assert response.status_code == 403, model
    assert everything() == before


def test_history_is_not_edited_by_anybody(rows: dict[str, str], operator: Client) -> None:
    for model in ("run", "missedfiring", "journalentry"):
        assert operator.get(page(model, "add")).status_code == 403
        assert operator.get(page(model, "delete", rows[model])).status_code == 403
        assert operator.post(page(model, "change", rows[model]), {"state": "succeeded"}).status_code == 403


def test_a_verb_needs_its_role(rows: dict[str, str], workspace: Workspace, person: MakePerson) -> None:
    viewer, before = person(Role.VIEWER, workspace), everything()

    for model, verb in VERBS:
        response = viewer.post(page(model, "do", rows[model], verb))
        # Django passes over a list action that it does not offer this person.
        viewer.post(page(model, "changelist"), {"action": verb, "_selected_action": rows[model]})

        assert response.status_code == 403, verb
        assert everything() == before


def test_a_verb_by_somebody_unknown_changes_nothing(rows: dict[str, str]) -> None:
    before = everything()

    for model, verb in VERBS:
        response = Client().post(page(model, "do", rows[model], verb))

        assert response.status_code == 302
        assert response["Location"].startswith(reverse("admin:login"))
        assert everything() == before


def test_a_get_of_a_verb_changes_nothing(rows: dict[str, str], operator: Client) -> None:
    before = everything()

    for model, verb in VERBS:
        response = operator.get(page(model, "do", rows[model], verb))

        assert response.status_code == 405
        assert response["Allow"] == "POST"
        assert everything() == before


def test_a_verb_without_the_token_of_the_page_is_refused(rows: dict[str, str], operator: Client) -> None:
    before = everything()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = operator.cookies

    for model, verb in VERBS:
        assert strict.post(page(model, "do", rows[model], verb)).status_code == 403
        assert everything() == before


def test_with_the_token_of_the_page_a_verb_works(rows: dict[str, str], operator: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = operator.cookies
    strict.get(page("schedule", "change", rows["schedule"]))
    token = {"csrfmiddlewaretoken": strict.cookies["csrftoken"].value}

    strict.post(page("schedule", "do", rows["schedule"], "pause"), token)

    assert not Schedule.objects.get().is_active


def test_a_verb_or_a_row_that_does_not_exist_is_not_found(rows: dict[str, str], operator: Client) -> None:
    assert operator.post(page("schedule", "do", rows["schedule"], "explode")).status_code == 404
    assert operator.post(page("schedule", "do", "nobody", "pause")).status_code == 404
    assert operator.post(page("run", "do", "a%00b", "cancel")).status_code == 404


def test_an_odd_id_is_no_error_page(operator: Client) -> None:
    for model in ("schedule", "run", "agent", "apikey"):
        for odd in ("%00", "nobody"):
            assert operator.get(f"{page(model, 'changelist')}{odd}/change/").status_code == 302


def test_only_superusers_switch_housekeeping_tasks(operator: Client, person: MakePerson) -> None:
    every = IntervalSchedule.objects.create(every=1, period="hours")
    task = PeriodicTask.objects.create(name="sweep", task="sweep", interval=every)
    form = {"action": "disable_tasks", "_selected_action": task.pk}

    assert person(Role.ADMINISTRATOR).post(page("periodictask", "changelist"), form).status_code == 403
    task.refresh_from_db()
    assert task.enabled

    operator.post(page("periodictask", "changelist"), form)
    task.refresh_from_db()
    assert not task.enabled
