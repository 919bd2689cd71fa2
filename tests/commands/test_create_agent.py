"""create_agent: an agent as named; again with other words, the same agent changed where they name it."""

from base64 import b64encode
from pathlib import Path

import pytest
from django.core.management import CommandError

from schedules import agents
from schedules.agents.secret_settings import opened_headers
from schedules.models import Agent, Workspace
from schedules.secrets.sealing import unseal
from tests.certificates import self_signed
from tests.commands.conftest import Run
from tests.factories import NOON, make_agent, make_schedule, make_workspace

pytestmark = pytest.mark.django_db

URL = "https://agents.example.org"
SIGNING = [f"whsec_{b64encode(bytes([number]) * 24).decode()}" for number in (1, 2)]
NEW = ("create_agent", "digest", "--workspace", "acme")
SAME = ("create_agent", "digest", "--workspace", "acme")


def test_an_echo_agent_needs_no_address(run: Run) -> None:
    printed = run(*NEW, "--runtime", "echo")

    agent = Agent.objects.get()
    assert (agent.key, agent.workspace.name, agent.runtime) == ("digest", "acme", "echo")
    assert printed == "Created agent digest (echo).\n"


def test_a_new_agent_is_called_over_http_by_default(run: Run) -> None:
    run(*NEW, "--url", URL, "--path", "/v1/responses")

    agent = Agent.objects.get()
    assert (agent.runtime, agent.base_url, agent.path) == ("responses", URL, "/v1/responses")


def test_an_address_may_be_a_host_of_the_same_network(run: Run) -> None:
    run(*NEW, "--url", "http://agents:8080")

    assert Agent.objects.get().base_url == "http://agents:8080"


def test_a_limit_of_calls_in_flight_is_set_and_given_up_again(run: Run) -> None:
    limits = []
    for named in ("7", "0", "default"):
        run(*NEW, "--runtime", "echo", "--max-in-flight", named)
        limits.append(Agent.objects.get().max_in_flight)

    run(*NEW, "--max-attempts", "3")

    assert [*limits, Agent.objects.get().max_in_flight] == [7, 0, None, None]


@pytest.mark.parametrize("wrong", ["-1", "many", "1000001", "99999999999"])
def test_what_is_no_number_of_calls_is_refused(run: Run, wrong: str) -> None:
    with pytest.raises(CommandError, match="is not a number from 0 to 1000000, and not default"):
        run(*NEW, "--runtime", "echo", f"--max-in-flight={wrong}")


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


def test_every_setting_has_an_option(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_KEY", "h3ad3r")
    monkeypatch.setenv("SIGNING_NEW", SIGNING[0])
    monkeypatch.setenv("SIGNING_OLD", SIGNING[1])

    printed = run(
        *(*NEW, "--url", URL, "--path", "/v1/responses", "--dialect", "openai", "--model", "gpt-5"),
        *("--provider", "openai", "--extra-body", '{"instructions": "Be brief"}', "--background", "--stream"),
        *("--header", "X-Team=growth", "--secret-header", "X-Key=GATEWAY_KEY"),
        *("--signing-secret-env", "SIGNING_NEW", "--signing-secret-env", "SIGNING_OLD"),
        *("--connect-timeout", "500ms", "--read-timeout", "10s", "--total-timeout", "5m"),
        *("--retry-base", "2s", "--retry-cap", "1m", "--max-attempts", "3", "--max-silent-attempts", "2"),
        *("--max-response-bytes", "5000000", "--credential-header", "X-Api-Key"),
        *("--input-price", "2.5", "--output-price", "0"),
    )

    agent = Agent.objects.get()
    assert (agent.dialect, agent.model, agent.provider) == ("openai", "gpt-5", "openai")
    assert (agent.background, agent.stream, agent.extra_body) == (True, True, {"instructions": "Be brief"})
    assert opened_headers(agent.extra_headers) == {"X-Team": "growth", "X-Key": "h3ad3r"}
    assert list(map(unseal, agent.sealed_signing_secrets)) == SIGNING
    assert [
        each.total_seconds() for each in (agent.connect_timeout, agent.read_timeout, agent.total_timeout)
    ] == [*(0.5, 10, 300)]
    assert (agent.retry_base.total_seconds(), agent.retry_cap.total_seconds()) == (2, 60)
    assert (agent.max_attempts, agent.max_silent_attempts, agent.max_response_bytes) == (3, 2, 5_000_000)
    assert agent.credential_header == "X-Api-Key"
    assert (agent.input_price, agent.output_price) == (2.5, 0.0)
    for secret in ("h3ad3r", *SIGNING):
        assert secret not in printed


def test_a_switch_can_be_turned_off_again(run: Run) -> None:
    run(*NEW, "--url", URL, "--background", "--stream")

    run(*SAME, "--no-background")

    agent = Agent.objects.get()
    assert (agent.background, agent.stream) == (False, True)


def test_another_server_needs_the_credential_anew(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENT_TOKEN", "Bearer abc")
    run(*NEW, "--url", URL, "--credential-env", "AGENT_TOKEN")

    with pytest.raises(CommandError, match="--credential-env"):
        run(*SAME, "--url", "https://other.example.org")
    assert Agent.objects.get().base_url == URL
    run(*SAME, "--url", "https://other.example.org", "--forget-secrets")

    agent = Agent.objects.get()
    assert (agent.base_url, agent.sealed_credential) == ("https://other.example.org", "")


def test_an_agent_that_was_deleted_is_made_anew(run: Run) -> None:
    run(*NEW, "--runtime", "echo")
    agents.delete(Agent.objects.get().id, NOON)

    printed = run(*NEW, "--runtime", "echo")

    assert printed == "Created agent digest (echo).\n"
    assert Agent.objects.live().count() == 1


def test_schedules_that_no_longer_fit_are_counted(
    run: Run, picky: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(*NEW, "--runtime", picky, "--url", URL)
    make_schedule(Agent.objects.get(), payload={"input": "Hi", "metadata": {"a": "b"}})

    run(*SAME, "--dialect", "strict")

    assert "1 schedule(s) can't be sent this way" in capsys.readouterr().err


def test_certificates_come_from_files(run: Run, tmp_path: Path) -> None:
    certificate, key = self_signed()
    (tmp_path / "certificate.pem").write_text(certificate)
    (tmp_path / "key.pem").write_text(key)
    shown, its_key = str(tmp_path / "certificate.pem"), str(tmp_path / "key.pem")
    files = ("--ca-file", shown, "--client-certificate-file", shown, "--client-key-file", its_key)

    run(*NEW, "--url", URL, *files)

    agent = Agent.objects.get()
    assert (agent.ca_pem, agent.client_certificate_pem) == (certificate, certificate)
    assert unseal(agent.sealed_client_key) == key
    run(*SAME, "--ca-file", "")
    agent.refresh_from_db()
    assert (agent.ca_pem, agent.client_certificate_pem) == ("", certificate)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--ca-file", "/nowhere/ca.pem"), "--ca-file.*No such file"),
        (("--ca-file", __file__), "--ca-file"),
        (("--client-key-file", __file__), "--client-key-file"),
        (("--dialect", "latin"), "--dialect"),
        (("--extra-body", "[]"), "--extra-body"),
        (("--extra-body", '{"model": "x"}'), "--extra-body"),
        (("--header", "Host=x"), "header"),
        (("--header", "X-A"), "--header"),
        (("--secret-header", "X-A=UNSET_VARIABLE"), "UNSET_VARIABLE"),
        (("--signing-secret-env", "UNSET_VARIABLE"), "UNSET_VARIABLE"),
        (("--read-timeout", "10"), "--read-timeout"),
        (("--read-timeout", "25h"), "--read-timeout"),
        (("--max-silent-attempts", "0"), "--max-silent-attempts"),
        (("--credential-header", "Content-Length"), "--credential-header"),
    ],
)
def test_a_wrong_setting_changes_nothing(run: Run, words: tuple[str, ...], named: str) -> None:
    make_agent(make_workspace("acme"), "digest", runtime="responses", base_url=URL)
    before = Agent.objects.values().get()

    with pytest.raises(CommandError, match=named):
        run(*SAME, *words)

    assert Agent.objects.values().get() == before


def test_a_price_is_forgotten_again(run: Run) -> None:
    run(*NEW, "--runtime", "echo", "--input-price", "2.5")

    run(*NEW, "--input-price", "unknown")

    assert Agent.objects.get().input_price is None


@pytest.mark.parametrize("price", ["-1", "free", "nan", "1e3", ""])
def test_a_price_that_is_none_is_refused(run: Run, price: str) -> None:
    with pytest.raises(CommandError, match="is not a number of dollars"):
        run(*NEW, "--runtime", "echo", f"--input-price={price}")
