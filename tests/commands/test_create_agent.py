"""create_agent: an agent as named; again with other words, the same agent changed where they name it."""

import pytest
from django.core.management import CommandError

from schedules.models import Agent, RuntimeName, Workspace
from schedules.secrets.sealing import unseal
from tests.commands.conftest import Run
from tests.factories import make_agent, make_workspace

pytestmark = pytest.mark.django_db

URL = "https://agents.example.org"
NEW = ("create_agent", "digest", "--workspace", "acme")
SAME = ("create_agent", "digest", "--workspace", "acme")


def test_an_echo_agent_needs_no_address(run: Run) -> None:
    printed = run(*NEW, "--runtime", "echo")

    agent = Agent.objects.get()
    assert (agent.key, agent.workspace.name, agent.runtime) == ("digest", "acme", RuntimeName.ECHO)
    assert printed == "Created agent digest (echo).\n"


def test_a_new_agent_is_called_over_http_by_default(run: Run) -> None:
    run(*NEW, "--url", URL, "--path", "/v1/responses")

    agent = Agent.objects.get()
    assert (agent.runtime, agent.base_url, agent.path) == (RuntimeName.RESPONSES, URL, "/v1/responses")


def test_an_address_may_be_a_host_of_the_same_network(run: Run) -> None:
    run(*NEW, "--url", "http://agents:8080")

    assert Agent.objects.get().base_url == "http://agents:8080"


def test_running_it_again_changes_nothing(run: Run) -> None:
    words = (*NEW, "--url", URL, "--tag", "v1", "--activate")
    run(*words)
    before = list(Agent.objects.values_list("id", "runtime", "base_url", "path", "sealed_credential"))

    printed = run(*words)

    assert list(Agent.objects.values_list("id", "runtime", "base_url", "path", "sealed_credential")) == before
    assert Agent.objects.get().versions.count() == 1
    assert printed == "Updated agent digest (responses).\n"


def test_only_what_is_named_changes(run: Run) -> None:
    run(*NEW, "--url", URL, "--path", "/v1/responses")

    run(*SAME, "--url", "https://other.example.org")

    agent = Agent.objects.get()
    assert (agent.base_url, agent.path) == ("https://other.example.org", "/v1/responses")


def test_the_same_key_in_another_workspace_is_another_agent(run: Run) -> None:
    other = make_agent(make_workspace("other"), "digest")

    run(*NEW, "--url", URL)

    other.refresh_from_db()
    assert (Agent.objects.count(), other.base_url) == (2, "")


def test_a_tag_becomes_active_only_when_asked(run: Run) -> None:
    run(*NEW, "--runtime", "echo", "--tag", "v1", "--activate")

    run(*SAME, "--tag", "v2")

    assert dict(Agent.objects.get().versions.values_list("tag", "is_active")) == {"v1": True, "v2": False}


def test_another_active_tag_takes_the_place_of_the_first(run: Run) -> None:
    run(*NEW, "--runtime", "echo", "--tag", "v1", "--activate")

    run(*SAME, "--tag", "v2", "--activate")

    assert dict(Agent.objects.get().versions.values_list("tag", "is_active")) == {"v1": False, "v2": True}


def test_the_credential_comes_from_the_environment_and_is_sealed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENT_TOKEN", "Bearer abc")

    printed = run(*NEW, "--url", URL, "--credential-env", "AGENT_TOKEN")

    sealed = Agent.objects.get().sealed_credential
    assert "abc" not in sealed + printed
    assert unseal(sealed) == "Bearer abc"


def test_a_later_run_without_it_keeps_the_credential(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENT_TOKEN", "Bearer abc")
    run(*NEW, "--url", URL, "--credential-env", "AGENT_TOKEN")

    run(*SAME, "--path", "/v1/responses")

    assert unseal(Agent.objects.get().sealed_credential) == "Bearer abc"


@pytest.mark.parametrize("value", [None, "", "  ", "Bearer a\nX-Other: b", "Bearer ä"])
def test_a_credential_that_cannot_be_sent_is_refused_and_not_shown(
    run: Run, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    if value is not None:
        monkeypatch.setenv("AGENT_TOKEN", value)

    with pytest.raises(CommandError, match="AGENT_TOKEN") as refused:
        run(*NEW, "--url", URL, "--credential-env", "AGENT_TOKEN")

    assert "Bearer" not in str(refused.value)
    assert not Agent.objects.exists()


def test_the_responses_runtime_needs_an_address(run: Run) -> None:
    with pytest.raises(CommandError, match="--url"):
        run(*NEW)

    assert not Workspace.objects.exists()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--activate",), "--tag"),
        (("--runtime", "magic"), "--runtime"),
        (("--url", "agents.example.org"), "--url"),
        (("--url", "ftp://agents.example.org"), "--url"),
        (("--url", "https://user:password@agents.example.org"), "--url"),
        (("--url", "https://agents.example.org:99999"), "--url"),
        (("--url", "https://agents.example.org/?a=1"), "--url"),
        (("--url", "https://agents example.org"), "--url"),
        (("--url", "https://"), "--url"),
        (("--url", "https://" + "a" * 500), "--url"),
        (("--path", "v1/responses"), "--path"),
        (("--path", "/v1/ responses"), "--path"),
        (("--path", "/" + "a" * 255), "--path"),
        (("--tag", ""), "--tag"),
        (("--tag", "x" * 101), "--tag"),
    ],
)
def test_a_wrong_argument_changes_nothing(run: Run, words: tuple[str, ...], named: str) -> None:
    agent = make_agent(make_workspace("acme"), "digest")
    before = Agent.objects.values().get()

    with pytest.raises(CommandError, match=named):
        run(*SAME, *words)

    assert Agent.objects.values().get() == before
    assert not agent.versions.exists()


@pytest.mark.parametrize("key", ["", "9lives", "a--b", "a b", "ä", "a" * 256, "a_"])
def test_a_key_clients_could_not_use_is_refused(run: Run, key: str) -> None:
    with pytest.raises(CommandError, match="key"):
        run("create_agent", key, "--workspace", "acme", "--runtime", "echo")

    assert not Agent.objects.exists()
