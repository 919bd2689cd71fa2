"""Agents that can only be reached through a proxy are, if that was asked for."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schedules.addresses import Policy, configure
from tests.agent_server import AgentServer
from tests.authority import make_authority, server_context
from tests.workers.runtimes.factories import CREDENTIAL, make_call, make_endpoint, never
from tests.workers.runtimes.http.proxy_server import proxying
from workers.runtimes import CallFailed, runtime_for
from workers.runtimes.http import connections
from workers.runtimes.http.proxies import proxy_for

AUTHORITY = make_authority()


@pytest.fixture(autouse=True)
def _fresh_connections() -> Iterator[None]:
    connections.connections.forget()
    yield
    connections.connections.forget()
    configure(Policy())


@pytest.fixture
def secure_agent(tmp_path: Path) -> Iterator[AgentServer]:
    """Known by a name that only the proxy can resolve."""
    with AgentServer(tls=server_context(AUTHORITY.sign("agents.internal"), tmp_path)) as server:
        yield server


def ask(url: str, **endpoint: Any) -> str:
    return (
        runtime_for("responses")
        .call(make_call(input="Hi"), make_endpoint(url, **endpoint), never)
        .output_text
    )


def failure_at(url: str, **endpoint: Any) -> CallFailed:
    with pytest.raises(CallFailed) as failed:
        ask(url, **endpoint)
    return failed.value


def named(agent: AgentServer) -> str:
    return agent.url.replace("127.0.0.1", "agents.internal")


def test_a_plain_agent_is_asked_for_by_its_whole_address(agent: AgentServer) -> None:
    with proxying(hosts={"agents.internal": "127.0.0.1"}) as proxy:
        assert ask(named(agent), proxy=proxy.url) == "Hi"

    assert proxy.heads[0].startswith(f"POST {named(agent)}/v3/router/responses HTTP/1.1")
    assert agent.calls()[0]["headers"]["host"] == named(agent).removeprefix("http://")
    assert agent.calls()[0]["headers"]["authorization"] == CREDENTIAL


def test_an_agent_behind_tls_is_called_through_a_tunnel_that_sees_nothing(secure_agent: AgentServer) -> None:
    with proxying(hosts={"agents.internal": "127.0.0.1"}) as proxy:
        for _ in range(2):
            assert ask(named(secure_agent), proxy=proxy.url, ca_pem=AUTHORITY.public_pem) == "Hi"

    place = named(secure_agent).removeprefix("https://")
    assert proxy.heads == [f"CONNECT {place} HTTP/1.1\r\nHost: {place}"], (
        "the second call has shared the tunnel"
    )
    assert CREDENTIAL not in str(proxy.heads)


def test_what_is_said_to_the_proxy_is_not_said_to_the_agent_behind_it(secure_agent: AgentServer) -> None:
    with proxying(hosts={"agents.internal": "127.0.0.1"}) as proxy:
        address = proxy.url.replace("http://", "http://me:p%40ss@")
        ask(named(secure_agent), proxy=address, ca_pem=AUTHORITY.public_pem)

    assert proxy.heads[0].endswith("\r\nProxy-Authorization: Basic bWU6cEBzcw==")
    assert "proxy-authorization" not in secure_agent.calls()[0]["headers"]


def test_a_plain_request_also_tells_the_proxy_who_asks(agent: AgentServer) -> None:
    with proxying() as proxy:
        ask(agent.url, proxy=proxy.url.replace("http://", "http://me:secret@"))

    assert "\r\nProxy-Authorization: Basic bWU6c2VjcmV0" in proxy.heads[0]


def test_an_agents_certificate_is_checked_inside_the_tunnel(secure_agent: AgentServer) -> None:
    with proxying(hosts={"agents.internal": "127.0.0.1"}) as proxy:
        failure = failure_at(named(secure_agent), proxy=proxy.url)

    assert "the certificate is not trusted" in failure.message
    assert secure_agent.calls() == []


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
            "cannot connect: the proxy answered HTTP 407",
        ),
        (
            b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
            "cannot connect: the proxy answered HTTP 502",
        ),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "cannot connect: the proxy's answer is no HTTP"),
        (
            b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{}",
            "cannot connect: the proxy's answer is no HTTP",
        ),
        (b"x" * 100_000, "cannot connect: the proxy gave no answer"),
    ],
)
def test_a_proxy_that_opens_no_tunnel_is_named_as_the_culprit(answer: bytes, message: str) -> None:
    with proxying(answer=answer) as proxy:
        failure = failure_at("https://agents.internal", proxy=proxy.url)

    assert (failure.code, failure.is_retryable) == ("agent_unreachable", True)
    assert failure.message == message
    assert not failure.is_silent


def test_a_proxy_that_says_nothing_ends_with_the_connect_timeout() -> None:
    with proxying(answer=b" ") as proxy:
        began = time.monotonic()
        failure = failure_at("https://agents.internal", proxy=proxy.url, connect=0.5)

    assert time.monotonic() - began < 1.5
    assert (failure.code, failure.message) == ("agent_timeout", "no connection within 0.5 s")
    assert not failure.is_silent, "the agent has not seen the request"


def test_behind_a_proxy_written_out_addresses_are_still_judged_and_the_proxys_own_is_not() -> None:
    configure(Policy(is_private_allowed=False))

    with proxying(answer=b"HTTP/1.1 502 No\r\n\r\n") as proxy:
        for host in ("169.254.169.254", "10.0.0.1", "0x7f.1"):
            assert failure_at(f"http://{host}", proxy=proxy.url).code == "invalid_endpoint"
        assert proxy.heads == []
        assert failure_at("https://agents.internal", proxy=proxy.url).message.endswith("HTTP 502")


@pytest.mark.parametrize(
    "proxy", ["https://proxy:1", "socks5://proxy", "proxy:3128", "http://", "http://[", "http://p:0"]
)
def test_a_proxy_that_cannot_be_one_is_refused_for_good(proxy: str) -> None:
    for url in ("https://agents.internal", "http://agents.internal"):
        assert failure_at(url, proxy=proxy).code == "invalid_endpoint"


def test_the_setting_is_a_proxy_for_all_agents_or_none() -> None:
    assert proxy_for("https://agents", "http://proxy:3128") == "http://proxy:3128"
    assert proxy_for("https://agents", "") == ""


def test_the_environments_proxies_are_used_when_the_setting_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://secure:1")
    monkeypatch.setenv("http_proxy", "http://plain:1")
    monkeypatch.setenv("no_proxy", "internal,127.0.0.1")

    assert proxy_for("https://agents", "environment") == "http://secure:1"
    assert proxy_for("http://agents:8080", "environment") == "http://plain:1"
    assert proxy_for("http://a.internal:8080", "environment") == ""
    assert proxy_for("http://127.0.0.1:8080", "environment") == ""
    assert proxy_for("https://agents", "") == ""
