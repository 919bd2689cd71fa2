"""Agents: settings that are checked, a credential that never comes out, one active version."""

from base64 import b64encode
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from schedules import agents
from schedules.agents.secret_settings import opened_headers
from schedules.database.clock import database_now
from schedules.limits import calls_in_flight
from schedules.models import Agent, Role
from schedules.secrets.sealing import unseal
from tests.console.browser import form_of, text_of
from tests.console.conftest import MakePerson
from tests.factories import make_agent, make_run, make_schedule, make_workspace

pytestmark = pytest.mark.django_db

LIST = reverse("admin:schedules_agent_changelist")
ADD = reverse("admin:schedules_agent_add")
MOST_QUERIES = 15
SIGNING_SECRETS = [f"whsec_{b64encode(bytes([number]) * 24).decode()}" for number in (1, 2)]


def page_of(agent: Agent) -> str:
    """The agent's page."""
    return reverse("admin:schedules_agent_change", args=(agent.pk,))


def written(client: Client, address: str, said: dict[str, Any]) -> dict[str, str]:
    """The form as the page shows it, with what a person writes into it."""
    return form_of(client.get(address), "agent_form") | said


def save(client: Client, agent: Agent, **said: Any) -> Agent:
    """The agent after its form was saved."""
    response = client.post(page_of(agent), written(client, page_of(agent), said))
    assert response.status_code == 302, response.context["adminform"].form.errors
    return Agent.objects.get(pk=agent.pk)


def errors(client: Client, address: str, **said: Any) -> dict[str, list[str]]:
    """What the form says is wrong, by field."""
    response = client.post(address, written(client, address, said))
    assert response.status_code == 200
    found: dict[str, list[str]] = response.context["adminform"].form.errors
    return found


def versions(agent: Agent) -> dict[str, bool]:
    """Its tags, and whether each is the active one."""
    return dict(agent.versions.values_list("tag", "is_active"))


def test_an_agent_is_added_with_its_credential_and_a_version(operator: Client) -> None:
    said = {
        "workspace": str(make_workspace().pk),
        "key": "invoice.checker",
        "runtime": "responses",
        "base_url": "http://agents:8080/here",
        "credential": "Bearer sk-1",
        "versions-TOTAL_FORMS": "1",
        "versions-0-tag": "v1",
        "versions-0-activate": "on",
    }

    response = operator.post(ADD, written(operator, ADD, said))

    assert response.status_code == 302, response.context["errors"]
    agent = Agent.objects.get()
    assert (agent.key, agent.runtime) == ("invoice.checker", "responses")
    assert unseal(agent.sealed_credential) == "Bearer sk-1"
    assert versions(agent) == {"v1": True}


REFUSED = [
    ({"runtime": "responses", "base_url": ""}, "base_url"),
    ({"base_url": "ftp://host"}, "base_url"),
    ({"base_url": "agents.example.com"}, "base_url"),
    ({"base_url": "https://"}, "base_url"),
    ({"base_url": "https://host:port"}, "base_url"),
    ({"base_url": "https://[host"}, "base_url"),
    ({"base_url": "https://a b"}, "base_url"),
    ({"base_url": "https://host/?key=1"}, "base_url"),
    ({"base_url": "https://user:password@host"}, "base_url"),
    ({"path": "v1/responses"}, "path"),
    ({"runtime": "responses", "base_url": "http://host", "dialect": "latin"}, "dialect"),
    ({"extra_body": '{"stream": true}'}, "extra_body"),
    ({"extra_body": "[]"}, "extra_body"),
    ({"extra_headers": '{"Host": "x"}'}, "extra_headers"),
    ({"extra_headers": '{"X-Key": {"secret": true, "value": "********"}}'}, "extra_headers"),
    ({"signing_secrets": "whsec_short"}, "signing_secrets"),
    ({"ca_pem": "nothing"}, "ca_pem"),
    ({"client_key_pem": "nothing"}, "client_key_pem"),
    ({"max_silent_attempts": "0"}, "max_silent_attempts"),
    ({"credential": "Bearer\u2028x"}, "credential"),
    ({"credential": "Bearer a\r\nX-Evil: 1"}, "credential"),
    ({"credential": "Bearer x", "credential_header": ""}, "credential_header"),
    ({"credential_header": "X Header"}, "credential_header"),
    ({"connect_timeout": "-00:00:01"}, "connect_timeout"),
    ({"total_timeout": "soon"}, "total_timeout"),
    ({"max_attempts": "0"}, "max_attempts"),
    ({"retry_base": "00:00:00"}, "retry_base"),
]


def test_settings_that_cannot_work_are_refused_at_their_field(operator: Client) -> None:
    agent = make_agent()
    form = written(operator, page_of(agent), {})

    for said, field in REFUSED:
        response = operator.post(page_of(agent), form | said)

        assert response.status_code == 200, said
        assert list(response.context["adminform"].form.errors) == [field], said
    assert Agent.objects.get().updated_at == agent.updated_at


def test_a_key_of_another_form_is_refused(operator: Client) -> None:
    said = {"workspace": str(make_workspace().pk), "key": "no spaces", "runtime": "echo"}

    assert "key" in errors(operator, ADD, **said)


def test_an_agent_keeps_its_key_and_its_workspace(operator: Client) -> None:
    agent = make_agent()

    after = save(operator, agent, key="other", workspace=str(make_workspace().pk))

    assert (after.key, after.workspace) == (agent.key, agent.workspace)


def test_saving_writes_only_what_was_changed(operator: Client) -> None:
    agent = make_agent()
    form = written(operator, page_of(agent), {"max_attempts": "3"})

    with CaptureQueriesContext(connection) as asked:
        operator.post(page_of(agent), form)

    updates = [query["sql"] for query in asked if (query["sql"] or "").startswith('UPDATE "schedules_agent"')]
    assert updates
    for update in updates:
        assert '"max_attempts" = 3' in update
        assert update.count(" = ") == 3  # with updated_at and the key


class TestCredential:
    """Goes in, never comes out."""

    def sealed(self) -> Agent:
        agent = make_agent(runtime="responses", base_url="https://host")
        agents.set_credential(agent, "Bearer s3cr3t")
        return agent

    def test_it_is_never_shown(self, operator: Client, person: MakePerson) -> None:
        agent = self.sealed()
        pages = [
            operator.get(page_of(agent)),
            operator.get(LIST),
            operator.get(reverse("admin:schedules_agent_history", args=(agent.pk,))),
            person(Role.VIEWER, agent.workspace).get(page_of(agent)),
        ]

        for shown in map(text_of, pages):
            assert "s3cr3t" not in shown
            assert agent.sealed_credential not in shown

    def test_an_empty_field_keeps_it(self, operator: Client) -> None:
        agent = self.sealed()

        after = save(operator, agent, max_attempts="3")

        assert after.max_attempts == 3
        assert unseal(after.sealed_credential) == "Bearer s3cr3t"

    def test_a_new_one_replaces_it_and_the_history_does_not_quote_it(self, operator: Client) -> None:
        after = save(operator, self.sealed(), credential="Bearer n3w")

        assert unseal(after.sealed_credential) == "Bearer n3w"
        assert "n3w" not in LogEntry.objects.get().change_message

    def test_it_can_be_removed(self, operator: Client) -> None:
        assert save(operator, self.sealed(), remove_credential="on").sealed_credential == ""

    def test_a_refused_form_does_not_send_it_back(self, operator: Client) -> None:
        agent = self.sealed()
        said = {"credential": "Bearer n3w", "max_attempts": "0"}

        response = operator.post(page_of(agent), written(operator, page_of(agent), said))

        assert "n3w" not in text_of(response)


class TestOrigin:
    """What is secret belongs to it, and not everybody may change it."""

    def sealed(self) -> Agent:
        agent = make_agent(runtime="responses", base_url="https://host")
        agents.set_credential(agent, "Bearer s3cr3t")
        return agent

    @pytest.mark.parametrize("base_url", ["https://other", "http://host", "https://host:8443"])
    def test_a_stored_credential_is_asked_anew(self, operator: Client, base_url: str) -> None:
        agent = self.sealed()

        refused = errors(operator, page_of(agent), base_url=base_url)

        assert list(refused) == ["credential"]
        assert Agent.objects.get().base_url == "https://host"

    @pytest.mark.parametrize("said", [{"credential": "Bearer n3w"}, {"remove_credential": "on"}])
    def test_with_a_new_one_or_none_it_changes(self, operator: Client, said: dict[str, str]) -> None:
        after = save(operator, self.sealed(), base_url="https://other", **said)

        assert after.base_url == "https://other"
        assert "s3cr3t" not in (unseal(after.sealed_credential) if after.sealed_credential else "")

    def test_another_path_of_the_same_server_keeps_it(self, operator: Client) -> None:
        after = save(operator, self.sealed(), base_url="https://HOST:443/agents", path="/v1/responses")

        assert unseal(after.sealed_credential) == "Bearer s3cr3t"

    def test_an_editor_may_not_change_it(self, person: MakePerson) -> None:
        agent = make_agent(runtime="responses", base_url="https://host")
        editor = person(Role.EDITOR, agent.workspace)

        assert list(errors(editor, page_of(agent), base_url="https://other")) == ["base_url"]
        assert save(editor, agent, max_attempts="7").max_attempts == 7

    def test_an_administrator_may(self, person: MakePerson) -> None:
        agent = make_agent(runtime="responses", base_url="https://host")
        administrator = person(Role.ADMINISTRATOR, agent.workspace)

        assert save(administrator, agent, base_url="https://other").base_url == "https://other"


def test_settings_go_in_and_secrets_are_masked(operator: Client) -> None:
    agent = make_agent(runtime="responses", base_url="https://host")
    said = {
        "dialect": "openai",
        "model": "gpt-5",
        "extra_body": '{"instructions": "Be brief"}',
        "extra_headers": '{"X-Key": {"secret": true, "value": "h3ad3r"}, "X-Team": "growth"}',
        "background": "on",
        "stream": "on",
        "max_silent_attempts": "2",
        "signing_secrets": "\n".join(SIGNING_SECRETS),
    }

    after = save(operator, agent, **said)

    assert (after.dialect, after.model, after.extra_body) == ("openai", "gpt-5", {"instructions": "Be brief"})
    assert (after.background, after.stream, after.max_silent_attempts) == (True, True, 2)
    assert [unseal(sealed) for sealed in after.sealed_signing_secrets] == SIGNING_SECRETS
    assert opened_headers(after.extra_headers) == {"X-Key": "h3ad3r", "X-Team": "growth"}
    for page in (operator.get(page_of(agent)), operator.get(LIST)):
        for secret in ("h3ad3r", *SIGNING_SECRETS, *after.sealed_signing_secrets):
            assert secret not in text_of(page)
    assert opened_headers(save(operator, agent, max_attempts="7").extra_headers)["X-Key"] == "h3ad3r"


def test_a_viewer_sees_settings_without_their_secrets(operator: Client, person: MakePerson) -> None:
    agent = make_agent(runtime="responses", base_url="https://host")
    save(operator, agent, extra_headers='{"X-Key": {"secret": true, "value": "h3ad3r"}}')

    shown = text_of(person(Role.VIEWER, agent.workspace).get(page_of(agent)))

    assert "X-Key" in shown
    assert "h3ad3r" not in shown
    assert Agent.objects.get().extra_headers["X-Key"]["sealed"] not in shown


def test_a_dialect_that_some_schedules_do_not_fit_is_saved_and_said(operator: Client, picky: str) -> None:
    agent = make_agent(runtime=picky, base_url="https://host", path="/loose")
    make_schedule(agent, payload={"input": "Hi"})
    make_schedule(agent, payload={"input": "Hi", "metadata": {"a": "b"}})

    response = operator.post(
        page_of(agent), written(operator, page_of(agent), {"dialect": "strict"}), follow=True
    )

    assert Agent.objects.get().dialect == "strict"
    assert "1 schedule of this agent can&#x27;t be sent" in text_of(response)


class TestVersions:
    """Tags; one of them is active."""

    def test_a_checked_version_takes_over(self, operator: Client) -> None:
        agent = make_agent(tags=("v1", "v2"))
        agents.add_version(agent, "v1", activate=True)
        form = form_of(operator.get(page_of(agent)), "agent_form")
        place = next(name for name in form if name.endswith("-id") and self._tag(form[name]) == "v2")

        save(operator, agent, **{place.replace("-id", "-activate"): "on"})

        assert versions(agent) == {"v1": False, "v2": True}

    def _tag(self, pk: str) -> str:
        from schedules.models import AgentVersion

        return AgentVersion.objects.get(pk=pk).tag if pk.isdigit() else ""

    def test_a_new_version_can_be_added_and_activated(self, operator: Client) -> None:
        agent = make_agent(tags=("v1",))
        agents.add_version(agent, "v1", activate=True)
        new = {"versions-TOTAL_FORMS": "2", "versions-1-tag": "v2", "versions-1-activate": "on"}

        save(operator, agent, **new)

        assert versions(agent) == {"v1": False, "v2": True}

    def test_two_cannot_become_active_at_once(self, operator: Client) -> None:
        agent = make_agent(tags=("v1", "v2"))
        said = {"versions-0-activate": "on", "versions-1-activate": "on"}

        response = operator.post(page_of(agent), written(operator, page_of(agent), said))

        assert "Only one version can be the active one" in text_of(response)
        assert versions(agent) == {"v1": False, "v2": False}

    def test_a_tag_cannot_be_renamed_or_doubled(self, operator: Client) -> None:
        agent = make_agent(tags=("v1",))
        save(operator, agent, **{"versions-0-tag": "other"})
        assert versions(agent) == {"v1": False}

        said = {"versions-TOTAL_FORMS": "2", "versions-1-tag": "v1"}
        response = operator.post(page_of(agent), written(operator, page_of(agent), said))

        assert response.status_code == 200
        assert versions(agent) == {"v1": False}


class TestDeleting:
    """It is gone at once; its schedules end by themselves."""

    def delete(self, client: Client, agent: Agent) -> Any:
        return client.post(reverse("admin:schedules_agent_delete", args=(agent.pk,)), {"post": "yes"})

    def test_a_deleted_agent_is_shown_nowhere(self, operator: Client) -> None:
        agent = make_agent(tags=("v1",))

        assert self.delete(operator, agent).status_code == 302

        assert not Agent.objects.live().exists()
        operator.get(LIST)  # where the message is
        assert agent.key not in text_of(operator.get(LIST))
        assert operator.get(page_of(agent)).status_code == 302

    def test_an_agent_with_schedules_is_deleted_too_and_its_history_stays(self, operator: Client) -> None:
        run = make_run(make_schedule(now=database_now(), display_name="Digest"))

        asked = operator.get(reverse("admin:schedules_agent_delete", args=(run.schedule.agent_id,)))

        assert "their run history stays" in text_of(asked)
        assert self.delete(operator, run.schedule.agent).status_code == 302
        assert not Agent.objects.live().exists()
        assert operator.get(reverse("admin:schedules_run_change", args=(run.pk,))).status_code == 200

    def test_a_workspace_with_agents_stays(self, operator: Client) -> None:
        workspace, empty = make_agent().workspace, make_workspace()
        for one in (workspace, empty):
            address = reverse("admin:schedules_workspace_delete", args=(one.pk,))
            operator.post(address, {"post": "yes"})

        assert list(type(workspace).objects.all()) == [workspace]


def test_the_list_costs_the_same_for_two_rows_and_for_fifty(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        calls_in_flight, "REMEMBERED_SECONDS", 600.0
    )  # asked once, however slow the machine is
    workspace = make_workspace()
    for number in range(2):
        make_schedule(make_agent(workspace, key=f"a{number}", tags=("v1",)))
    operator.get(LIST)
    with CaptureQueriesContext(connection) as few:
        operator.get(LIST)
    few_queries = len(few)
    for number in range(48):
        agents.add_version(make_agent(workspace, key=f"b{number}"), "v9", activate=True)

    with CaptureQueriesContext(connection) as many:
        shown = text_of(operator.get(LIST))

    assert len(many) == few_queries <= MOST_QUERIES
    assert shown.count(">v9<") == 48
