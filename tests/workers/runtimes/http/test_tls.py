"""Agents behind TLS, as companies have them: authorities of their own, and servers that ask who calls."""

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from tests.agent_server import AgentServer, Behaviour
from tests.authority import PEM, Identity, make_authority, server_context
from tests.workers.runtimes.factories import make_call, make_endpoint, never, wait_until
from workers.runtimes import CallAborted, CallFailed, runtime_for
from workers.runtimes.http import connections

AUTHORITY, OTHER_AUTHORITY = make_authority(), make_authority("somebody else")
SERVER = AUTHORITY.sign("127.0.0.1")
CLIENT = AUTHORITY.sign("agent-schedules")


@pytest.fixture(autouse=True)
def _fresh_connections() -> Iterator[None]:
    connections.connections.forget()
    yield
    connections.connections.forget()


@contextmanager
def serving(
    folder: Path, server: Identity = SERVER, clients_of: Identity | None = None
) -> Iterator[AgentServer]:
    with AgentServer(tls=server_context(server, folder, clients_of=clients_of)) as agent:
        yield agent


def ask(agent: AgentServer, text: str = "Hi", **endpoint: Any) -> str:
    call = make_call(input=text)
    return runtime_for("responses").call(call, make_endpoint(agent.url, **endpoint), never).output_text


def failure_of(agent: AgentServer, **endpoint: str) -> CallFailed:
    with pytest.raises(CallFailed) as failed:
        ask(agent, **endpoint)
    return failed.value


def used(agent: AgentServer) -> list[int]:
    return [call["connection"] for call in agent.calls()]


def test_an_agent_is_trusted_by_its_own_authority(tmp_path: Path) -> None:
    with serving(tmp_path) as agent:
        assert ask(agent, ca_pem=AUTHORITY.public_pem) == ask(agent, ca_pem=AUTHORITY.public_pem) == "Hi"
        assert used(agent) == [1, 1]
        assert ask(agent, "x" * 300_000, ca_pem=AUTHORITY.public_pem) == "x" * 300_000


def test_a_bundle_may_hold_several_authorities(tmp_path: Path) -> None:
    bundle = f"# ours, größtenteils\n{OTHER_AUTHORITY.public_pem}\n# theirs\n{AUTHORITY.public_pem}"

    with serving(tmp_path) as agent:
        assert ask(agent, ca_pem=bundle) == "Hi"


def test_a_certificate_that_was_named_itself_is_trusted(tmp_path: Path) -> None:
    with serving(tmp_path) as agent:
        assert ask(agent, ca_pem=SERVER.public_pem) == "Hi"


def test_the_environment_names_authorities_for_all_agents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "authority.pem").write_text(AUTHORITY.public_pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))

    with serving(tmp_path) as agent:
        assert ask(agent) == "Hi"
        assert "not trusted" in failure_of(agent, ca_pem=OTHER_AUTHORITY.public_pem).message


def test_trust_in_one_agents_authority_is_no_trust_for_another(tmp_path: Path) -> None:
    with serving(tmp_path) as agent:
        ask(agent, ca_pem=AUTHORITY.public_pem)

        assert failure_of(agent).code == "agent_unreachable", "no connection is shared either"
        assert failure_of(agent, ca_pem=OTHER_AUTHORITY.public_pem).code == "agent_unreachable"
        assert len(agent.calls()) == 1


@pytest.mark.parametrize(
    ("server", "reason"),
    [
        (
            AUTHORITY.sign("127.0.0.1", starts=-dt.timedelta(days=9), ends=-dt.timedelta(days=1)),
            "has expired",
        ),
        (
            AUTHORITY.sign("127.0.0.1", starts=dt.timedelta(days=1), ends=dt.timedelta(days=9)),
            "not yet valid",
        ),
        (AUTHORITY.sign("agents.example.com"), "IP address mismatch"),
        (OTHER_AUTHORITY.sign("127.0.0.1"), "unable to get local issuer certificate"),
        (make_authority("self-signed"), "self-signed certificate"),
    ],
)
def test_a_wrong_certificate_is_not_called_and_the_message_says_what_is_wrong(
    tmp_path: Path, server: Identity, reason: str
) -> None:
    with serving(tmp_path, server) as agent:
        failure = failure_of(agent, ca_pem=AUTHORITY.public_pem)

        assert (failure.code, failure.is_retryable) == ("agent_unreachable", True)
        assert "the certificate is not trusted" in failure.message
        assert reason in failure.message
        assert agent.calls() == []


def test_a_server_that_asks_who_calls_is_told(tmp_path: Path) -> None:
    with serving(tmp_path, clients_of=AUTHORITY) as agent:
        assert ask(agent, ca_pem=AUTHORITY.public_pem, client_pem=CLIENT.pem) == "Hi"


@pytest.mark.parametrize("client_pem", ["", OTHER_AUTHORITY.sign("agent-schedules").pem])
def test_a_server_that_asks_who_calls_serves_nobody_else(tmp_path: Path, client_pem: str) -> None:
    with serving(tmp_path, clients_of=AUTHORITY) as agent:
        ask(agent, ca_pem=AUTHORITY.public_pem, client_pem=CLIENT.pem)
        failure = failure_of(agent, ca_pem=AUTHORITY.public_pem, client_pem=client_pem)

        assert (failure.code, failure.is_retryable) == ("agent_unreachable", True)
        assert len(agent.calls()) == 1


@pytest.mark.parametrize(
    "client_pem",
    [
        "no certificate",
        CLIENT.public_pem,
        CLIENT.public_pem + OTHER_AUTHORITY.pem.removeprefix(OTHER_AUTHORITY.public_pem),
        "Schlüssel",
        CLIENT.public_pem
        + CLIENT.key.private_bytes(
            PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
        ).decode(),
    ],
)
def test_a_client_certificate_that_cannot_be_used_is_refused_for_good(
    tmp_path: Path, client_pem: str
) -> None:
    with serving(tmp_path) as agent:
        failure = failure_of(agent, ca_pem=AUTHORITY.public_pem, client_pem=client_pem)

        assert (failure.code, failure.is_retryable) == ("invalid_endpoint", False)
        assert "PRIVATE KEY" not in str(failure)


def test_authorities_that_cannot_be_read_are_refused_for_good(tmp_path: Path) -> None:
    with serving(tmp_path) as agent:
        for ca_pem in (" ", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "ü"):
            assert failure_of(agent, ca_pem=ca_pem).code == "invalid_endpoint"


def test_a_client_key_is_left_in_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "empty"))
    (tmp_path / "empty").mkdir()

    with serving(tmp_path, clients_of=AUTHORITY) as agent:
        ask(agent, ca_pem=AUTHORITY.public_pem, client_pem=CLIENT.pem)

    assert list((tmp_path / "empty").iterdir()) == []


@pytest.mark.parametrize("fault", ["slow_head", "hang"])
def test_limits_hold_under_tls_too(tmp_path: Path, fault: str) -> None:
    with serving(tmp_path) as agent:
        agent.script("digest", Behaviour(fault=fault))
        endpoint = make_endpoint(agent.url, ca_pem=AUTHORITY.public_pem)

        with pytest.raises(CallAborted):
            runtime_for("responses").call(make_call(), endpoint, lambda: bool(agent.calls()))

        assert time.time() - agent.calls()[0]["time"] < 1
        wait_until(lambda: any(entry.get("event") == "hangup" for entry in agent.entries()), 1)
