"""What the responses runtime sends."""

from typing import Any

import pytest

from schedules.version import VERSION
from tests.agent_server import AgentServer, Behaviour
from tests.workers.runtimes.factories import CREDENTIAL, make_call, make_endpoint, never
from workers.runtimes import Answer, CallFailed, runtime_for


def ask(agent: AgentServer, endpoint: dict[str, Any] | None = None, **call: Any) -> Answer:
    return runtime_for("responses").call(make_call(**call), make_endpoint(agent.url, **endpoint or {}), never)


def test_every_attempt_carries_the_same_key_and_its_own_number(agent: AgentServer) -> None:
    ask(agent, run_id="01RUN", attempt=1)
    ask(agent, run_id="01RUN", attempt=2)

    headers = [call["headers"] for call in agent.calls()]
    assert [h["idempotency-key"] for h in headers] == ["01RUN", "01RUN"]
    assert [h["x-run-attempt"] for h in headers] == ["1", "2"]


def test_the_headers_say_what_is_sent_and_wanted(agent: AgentServer) -> None:
    ask(agent)

    headers = agent.calls()[0]["headers"]
    assert headers["host"] == agent.url.removeprefix("http://")
    assert headers["content-type"] == headers["accept"] == "application/json"
    assert headers["accept-encoding"] == "identity"
    assert headers["user-agent"] == f"agent-schedules/{VERSION}"


def test_the_credential_is_sent_verbatim_in_its_header(agent: AgentServer) -> None:
    ask(agent)
    ask(agent, {"credential_header": "X-Api-Key", "credential": "abc def"})
    ask(agent, {"credential_header": None, "credential": None})

    bearer, own, none = (call["headers"] for call in agent.calls())
    assert bearer["authorization"] == CREDENTIAL
    assert own["x-api-key"] == "abc def"
    assert "authorization" not in own
    assert "authorization" not in none


@pytest.mark.parametrize(
    ("suffix", "path", "called"),
    [
        ("", "/v1/responses", "/v1/responses"),
        ("/", "/v1/responses", "/v1/responses"),
        ("/base", "v1/responses", "/base/v1/responses"),
        ("", "/v1/responses?api-version=2", "/v1/responses?api-version=2"),
        ("", "/größe und/", "/gr%C3%B6%C3%9Fe%20und/"),
    ],
)
def test_the_configured_path_is_called(agent: AgentServer, suffix: str, path: str, called: str) -> None:
    runtime_for("responses").call(make_call(), make_endpoint(agent.url + suffix, path=path), never)

    assert agent.calls()[0]["path"] == called


def test_unicode_and_lone_surrogates_survive_the_way(agent: AgentServer) -> None:
    ask(agent, input="Grüße 你好 👋", variables={"half": "\ud83d"})

    assert agent.calls()[0]["body"]["input"] == "Grüße 你好 👋"
    assert agent.calls()[0]["body"]["variables"] == {"half": "\ud83d"}


def test_cookies_of_one_call_are_not_sent_with_the_next(agent: AgentServer) -> None:
    agent.script("digest", Behaviour(headers={"Set-Cookie": "session=of-another-run; Path=/"}))

    ask(agent)
    ask(agent)

    assert "cookie" not in agent.calls()[1]["headers"]


def test_the_environment_adds_no_proxy_and_no_credentials(
    agent: AgentServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password hunter2\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    ask(agent, {"credential_header": None, "credential": None})

    assert "authorization" not in agent.calls()[0]["headers"]


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "agent.example",
        "ftp://127.0.0.1",
        "http://",
        "http:///v3",
        "http://127.0.0.1:0",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:port",
        "http://127.0.0.1\r\nX-Evil: 1",
        "http://me:hunter2@127.0.0.1",
        "http://[::1",
    ],
)
def test_an_address_that_cannot_be_called_is_refused_for_good(base_url: str) -> None:
    with pytest.raises(CallFailed) as failed:
        runtime_for("responses").call(make_call(), make_endpoint(base_url), never)

    assert failed.value.code == "invalid_endpoint"
    assert not failed.value.is_retryable
    assert "hunter2" not in failed.value.message


@pytest.mark.parametrize("host", ["a..b", "%00", ".example.invalid", "x" * 300, "no-such-host.invalid"])
def test_a_host_without_an_address_is_unreachable(host: str) -> None:
    with pytest.raises(CallFailed) as failed:
        runtime_for("responses").call(make_call(), make_endpoint(f"http://{host}"), never)

    assert failed.value.code in ("agent_unreachable", "invalid_endpoint")


@pytest.mark.parametrize(
    ("header", "credential"),
    [
        ("Authorization", "Bearer hunter2\r\nX-Evil: 1"),
        ("Authorization", "Bearer hünter2"),
        ("Authorization", "Bearer hunter2\x00"),
        ("Bad Name", "hunter2"),
        ("", "hunter2"),
    ],
)
def test_a_credential_that_is_no_header_is_never_sent_nor_shown(
    agent: AgentServer, header: str, credential: str
) -> None:
    endpoint = {"credential_header": header, "credential": credential}

    if header == "":
        ask(agent, endpoint)
        assert "hunter2" not in str(agent.calls()[0]["headers"])
        return
    with pytest.raises(CallFailed) as failed:
        ask(agent, endpoint)

    assert failed.value.code == "invalid_endpoint"
    assert "nter2" not in str(failed.value)
    assert agent.calls() == []
