"""Roles in the console: nobody gives what they do not have, and no page says what its reader may not see.

The rows are those of the attacks that this service was tried with: each test's docstring says which.
"""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from schedules import access, agents, api_keys
from schedules.access.permissions import LEAST_ROLES
from schedules.admin.agent_form import OF_ORIGIN
from schedules.database.clock import database_now
from schedules.models import Agent, ApiKey, JournalEntry, Membership, Role, RunState, Scope, Workspace
from schedules.secrets.sealing import unseal
from tests.console.browser import form_of, text_of
from tests.console.conftest import MakePerson
from tests.console.conftest import operator as operator
from tests.console.conftest import person as person
from tests.factories import make_agent, make_run, make_schedule, make_workspace

pytestmark = pytest.mark.django_db

MEMBERS = reverse("admin:schedules_membership_changelist")
ADD_MEMBER = reverse("admin:schedules_membership_add")
PASSWORD = "long enough 4711"
ERROR = "Invoice 4711 is not in the ledger"


@pytest.fixture
def acme() -> Workspace:
    """The workspace that people have roles in."""
    return make_workspace("Acme")


def add_member(client: Client, workspace: Workspace, name: str, role: str, **said: str) -> Any:
    """The answer to the form of a new member."""
    shown = form_of(client.get(ADD_MEMBER), "membership_form")
    return client.post(
        ADD_MEMBER, shown | {"workspace": str(workspace.pk), "username": name, "role": role} | said
    )


def errors_of(response: Any) -> dict[str, list[str]]:
    """What the form says is wrong, by field."""
    assert response.status_code == 200
    found: dict[str, list[str]] = response.context["adminform"].form.errors
    return found


class TestRow9:
    """Who may change people makes nobody a superuser."""

    @pytest.mark.parametrize("field", ["is_superuser", "is_staff", "groups", "user_permissions"])
    def test_row_9_no_administrator_gives_djangos_rights(
        self, person: MakePerson, acme: Workspace, field: str
    ) -> None:
        client = person(Role.ADMINISTRATOR, acme)
        user = User.objects.get(username="kim")
        user.user_permissions.set(Permission.objects.filter(codename__in=["change_user", "view_user"]))
        page = reverse("admin:auth_user_change", args=(user.pk,))

        assert client.get(page).status_code == 403
        assert client.post(page, {"username": "kim", "is_active": "on", field: "1"}).status_code == 403

        user.refresh_from_db()
        assert not user.is_superuser

    def test_row_9_the_form_of_a_member_takes_none_of_djangos_rights(
        self, person: MakePerson, acme: Workspace
    ) -> None:
        client = person(Role.ADMINISTRATOR, acme)
        more = {"is_superuser": "on", "is_staff": "on", "groups": "1", "user_permissions": "1"}

        add_member(client, acme, "lee", Role.EDITOR, password=PASSWORD, **more)

        lee = User.objects.get(username="lee")
        assert (lee.is_superuser, lee.is_staff) == (False, True)
        assert not lee.groups.exists()
        assert not lee.user_permissions.exists()

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.EDITOR])
    def test_row_9_nobody_below_an_administrator_gives_a_role(
        self, person: MakePerson, acme: Workspace, role: Role
    ) -> None:
        client = person(role, acme)
        own = Membership.objects.get()
        page = reverse("admin:schedules_membership_change", args=(own.pk,))

        assert client.post(page, {"role": "administrator"}).status_code == 403
        said = {"workspace": str(acme.pk), "username": "kim", "role": "administrator"}
        assert client.post(ADD_MEMBER, said).status_code == 403

        own.refresh_from_db()
        assert own.role == role

    def test_row_9_an_administrator_gives_no_role_in_another_workspace(
        self, person: MakePerson, acme: Workspace
    ) -> None:
        client, other = person(Role.ADMINISTRATOR, acme), make_workspace("Globex")
        access.give(User.objects.get(), other, Role.EDITOR, signature="test")

        refused = errors_of(add_member(client, other, "lee", Role.VIEWER, password=PASSWORD))

        assert list(refused) == ["workspace"]
        assert not User.objects.filter(username="lee").exists()

    def test_row_9_an_administrator_sets_nobodys_password(self, person: MakePerson, acme: Workspace) -> None:
        User.objects.create_superuser("root", password="the password of root")
        client = person(Role.ADMINISTRATOR, acme)

        refused = errors_of(add_member(client, acme, "root", Role.VIEWER, password=PASSWORD))

        assert list(refused) == ["password"]
        assert User.objects.get(username="root").check_password("the password of root")


class TestRow10:
    """Who may issue keys issues them for the workspaces they administer."""

    def issue(self, client: Client, workspace: Workspace) -> Any:
        add = reverse("admin:schedules_apikey_add")
        said = {"workspace": str(workspace.pk), "name": "CI", "scope": "write"}
        return client.post(add, form_of(client.get(add), "apikey_form") | said)

    def test_row_10_keys_are_for_own_workspaces_and_name_their_creator(
        self, person: MakePerson, acme: Workspace
    ) -> None:
        client, other = person(Role.ADMINISTRATOR, acme), make_workspace("Globex")
        access.give(User.objects.get(), other, Role.EDITOR, signature="test")

        assert list(errors_of(self.issue(client, other))) == ["workspace"]
        assert not ApiKey.objects.exists()

        self.issue(client, acme)
        assert ApiKey.objects.values_list("workspace__name", "created_by_id").get() == ("Acme", "user_kim")
        assert JournalEntry.objects.get(object_type="apikey").actor_name == "kim"

    def test_row_10_a_key_is_not_limited_to_agents_of_another_workspace(
        self, person: MakePerson, acme: Workspace
    ) -> None:
        client, theirs = person(Role.ADMINISTRATOR, acme), make_agent(key="theirs")
        add = reverse("admin:schedules_apikey_add")
        said = {"workspace": str(acme.pk), "scope": "read", "agent_keys": theirs.key}

        response = client.post(add, form_of(client.get(add), "apikey_form") | said)

        assert errors_of(response) == {"agent_keys": ["There is no agent 'theirs'"]}

    def test_row_10_an_editor_issues_none(self, person: MakePerson, acme: Workspace) -> None:
        client = person(Role.EDITOR, acme)
        said = {"workspace": str(acme.pk), "scope": "read"}

        assert client.post(reverse("admin:schedules_apikey_add"), said).status_code == 403
        assert not ApiKey.objects.exists()


LOOKUPS = [
    ("apikey", "secret_sha256__startswith"),
    ("apikey", "secret_sha256"),
    ("apikey", "workspace__api_keys__secret_sha256__startswith"),
    ("agent", "sealed_credential__startswith"),
    ("agent", "sealed_client_key__gt"),
    ("agent", "workspace__api_keys__secret_sha256__startswith"),
    ("schedule", "payload__variables__token__sealed__startswith"),
    ("schedule", "agent__sealed_credential__startswith"),
    ("run", "payload__startswith"),
    ("run", "schedule__payload__startswith"),
    ("membership", "user__password__startswith"),
    ("workspace", "api_keys__secret_sha256__startswith"),
    ("workspace", "memberships__user__password__startswith"),
]


@pytest.mark.parametrize(("model", "lookup"), LOOKUPS)
def test_row_11_nothing_is_looked_up_by_what_is_secret(
    person: MakePerson, operator: Client, acme: Workspace, model: str, lookup: str
) -> None:
    api_keys.issue(acme, scope=Scope.READ)
    page = reverse(f"admin:schedules_{model}_changelist")

    for client in (person(Role.ADMINISTRATOR, acme), operator):
        assert client.get(page, {lookup: "a"}).status_code == 400


def test_row_11_people_are_not_looked_up_by_their_passwords_digest(operator: Client) -> None:
    assert (
        operator.get(reverse("admin:auth_user_changelist"), {"password__startswith": "p"}).status_code == 400
    )


def test_row_11_the_filters_of_the_lists_go_on(operator: Client, acme: Workspace) -> None:
    asked = [
        ("schedules_apikey", {"workspace": str(acme.pk), "scope__exact": "read"}),
        ("schedules_agent", {"workspace": str(acme.pk), "runtime": "echo"}),
        ("schedules_run", {"state__exact": "failed", "trigger__exact": "manual", "made": "7d"}),
        ("schedules_schedule", {"type__exact": "cron", "activity": "paused", "deleted": "all"}),
        ("schedules_membership", {"role__exact": "viewer"}),
        ("schedules_auditresult", {"is_whole__exact": "1"}),
        ("auth_user", {"is_staff__exact": "1", "groups__isnull": "True"}),
        ("django_celery_beat_periodictask", {"enabled__exact": "1"}),
    ]
    for model, query in asked:
        assert operator.get(reverse(f"admin:{model}_changelist"), query).status_code == 200, model


def test_row_12_a_schedule_shows_runs_only_to_who_may_see_runs(
    person: MakePerson, acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = make_schedule(make_agent(acme), database_now())
    run = make_run(schedule, state=RunState.FAILED, error_code="bad_input", error_message=ERROR)
    page = reverse("admin:schedules_schedule_change", args=(schedule.pk,))
    pages = (page, reverse("admin:schedules_schedule_changelist"))
    viewer = person(Role.VIEWER, acme)

    assert ERROR in text_of(viewer.get(page))
    assert all(run.pk in text_of(viewer.get(address)) for address in pages)

    monkeypatch.setitem(LEAST_ROLES, "schedules.view_run", Role.OPERATOR)
    for address in pages:
        response = viewer.get(address)
        assert response.status_code == 200
        assert run.pk not in text_of(response)
        assert ERROR not in text_of(response)


class TestRow5:
    """An editor edits an agent, but where its calls go and what they carry."""

    @pytest.fixture
    def agent(self, acme: Workspace) -> Agent:
        """With a credential."""
        agent = make_agent(acme, runtime="responses", base_url="https://host")
        agents.set_credential(agent, "Bearer s3cr3t")
        return agent

    @pytest.mark.parametrize(
        "said",
        [
            {"base_url": "https://evil"},
            {"base_url": "https://evil", "credential": "Bearer mine"},
            {"base_url": "http://host"},
            {"base_url": "https://host:8443", "remove_credential": "on"},
            {"credential": "Bearer mine"},
            {"remove_credential": "on"},
            {"credential_header": "X-Echo"},
            {"extra_headers": '{"X-Key": "mine"}'},
            {"ca_pem": "mine"},
            {"client_certificate_pem": "mine", "client_key_pem": "mine"},
            {"signing_secrets": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
        ],
        ids=str,
    )
    def test_row_5_an_editor_changes_neither(
        self, person: MakePerson, agent: Agent, said: dict[str, str]
    ) -> None:
        editor = person(Role.EDITOR, agent.workspace)
        page = reverse("admin:schedules_agent_change", args=(agent.pk,))
        before = Agent.objects.filter(pk=agent.pk).values().get()
        shown = form_of(editor.get(page), "agent_form")

        response = editor.post(page, shown | {"max_attempts": "7"} | said)

        assert errors_of(response)
        assert Agent.objects.filter(pk=agent.pk).values().get() == before

    def test_row_5_an_editor_is_offered_none_of_it_and_edits_the_rest(
        self, person: MakePerson, agent: Agent
    ) -> None:
        editor = person(Role.EDITOR, agent.workspace)
        page = reverse("admin:schedules_agent_change", args=(agent.pk,))
        response: Any = editor.get(page)
        shown = form_of(response, "agent_form")

        assert not set(OF_ORIGIN) & {*shown, *response.context["adminform"].form.fields}
        assert editor.post(page, shown | {"max_attempts": "7"}).status_code == 302

        agent.refresh_from_db()
        assert (agent.max_attempts, unseal(agent.sealed_credential)) == (7, "Bearer s3cr3t")


class TestMembers:
    """What administrators do with the people of their workspaces."""

    def test_a_new_person_logs_in_and_may_what_the_role_says(
        self, person: MakePerson, acme: Workspace, client: Client
    ) -> None:
        add_member(person(Role.ADMINISTRATOR, acme), acme, "lee", Role.VIEWER, password=PASSWORD)

        client.post(reverse("admin:login"), {"username": "lee", "password": PASSWORD})

        assert client.get(reverse("admin:schedules_schedule_changelist")).status_code == 200
        assert client.get(MEMBERS).status_code == 403
        assert Membership.objects.get(user__username="lee").created_by_id == "user_kim"

    @pytest.mark.parametrize(
        ("name", "password", "field"),
        [
            ("lee", "", "password"),
            ("lee", "short", "password"),
            ("l e e", PASSWORD, "username"),
            ("kim", "", "username"),
        ],
    )
    def test_what_cannot_be_is_said_at_its_field(
        self, person: MakePerson, acme: Workspace, name: str, password: str, field: str
    ) -> None:
        client = person(Role.ADMINISTRATOR, acme)

        refused = errors_of(add_member(client, acme, name, Role.VIEWER, password=password))

        assert list(refused) == [field]
        assert User.objects.count() == Membership.objects.count() == 1

    def test_somebody_who_exists_becomes_a_member_and_is_one_no_more(
        self, person: MakePerson, acme: Workspace
    ) -> None:
        User.objects.create(username="lee")
        client = person(Role.ADMINISTRATOR, acme)

        add_member(client, acme, "lee", Role.EDITOR)
        member = Membership.objects.get(user__username="lee")
        assert member.user.is_staff

        client.post(reverse("admin:schedules_membership_delete", args=(member.pk,)), {"post": "yes"})
        assert not Membership.objects.filter(user=member.user).exists()
        assert not User.objects.get(username="lee").is_staff

    def test_every_change_stands_in_the_journal(self, person: MakePerson, acme: Workspace) -> None:
        client = person(Role.ADMINISTRATOR, acme)
        User.objects.create(username="lee")
        add_member(client, acme, "lee", Role.VIEWER)
        member = Membership.objects.get(user__username="lee")

        client.post(
            reverse("admin:schedules_membership_change", args=(member.pk,)), {"role": Role.OPERATOR.value}
        )
        client.post(MEMBERS, {"action": "delete_selected", "_selected_action": member.pk, "post": "yes"})

        lines = JournalEntry.objects.filter(object_type="membership", object_id=member.pk).order_by("id")
        assert [(line.verb, line.actor_name, line.object_name) for line in lines] == [
            (verb, "kim", "lee in Acme") for verb in ("create", "update", "delete")
        ]
        assert {line.workspace_id for line in lines} == {acme.pk}
        assert lines[0].changes["role"] == {"new": "viewer"}
        assert lines[1].changes == {"role": {"old": "viewer", "new": "operator"}}

    def test_a_role_that_is_gone_counts_no_more_at_the_next_request(
        self, person: MakePerson, acme: Workspace
    ) -> None:
        client = person(Role.EDITOR, acme)
        page = reverse("admin:schedules_schedule_changelist")
        assert client.get(page).status_code == 200

        Membership.objects.all().delete()

        assert client.get(page)["Location"].startswith(reverse("admin:login"))

    @pytest.mark.parametrize("is_superuser", [False, True])
    def test_a_person_who_is_not_active_may_nothing(self, acme: Workspace, is_superuser: bool) -> None:
        user = User.objects.create(username="kim", is_active=False, is_superuser=is_superuser)
        access.give(user, acme, Role.ADMINISTRATOR, signature="test")

        assert not user.has_perm("schedules.view_run")
        assert not user.has_perm("auth.change_user")
        assert user.get_all_permissions() == set()
