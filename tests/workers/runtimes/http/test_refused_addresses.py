"""Addresses that agents may not have are refused where they are connected to, whatever the name said before."""

from collections.abc import Iterator

import pytest

from schedules.addresses import NOT_ALLOWED, Policy, configure, read_policy
from tests.agent_server import AgentServer
from tests.names import Names
from tests.workers.runtimes.factories import make_call, make_endpoint, never
from workers.runtimes import CallFailed, runtime_for
from workers.runtimes.http import connections


@pytest.fixture(autouse=True)
def _fresh_policy() -> Iterator[None]:
    connections.connections.forget()
    yield
    connections.connections.forget()
    configure(Policy())


def ask(url: str) -> str:
    return runtime_for("responses").call(make_call(input="Hi"), make_endpoint(url), never).output_text


def is_refused(url: str) -> bool:
    with pytest.raises(CallFailed) as failed:
        ask(url)
    assert failed.value.code != "invalid_endpoint" or failed.value.message == NOT_ALLOWED
    assert failed.value.code != "invalid_endpoint" or not failed.value.is_retryable
    return failed.value.code == "invalid_endpoint"


@pytest.mark.parametrize("policy", ["any", "public", "127.0.0.0/8"])
@pytest.mark.parametrize(
    "host",
    [
        *(
            "169.254.169.254",
            "[::ffff:169.254.169.254]",
            "[64:ff9b::a9fe:a9fe]",
            "2852039166",
            "0xa9.0xfe.0xa9.0xfe",
        ),
        *("0.0.0.0", "[::]", "224.0.0.1", "[fe80::1]", "169.254.43518", "[fd00:ec2::254]"),  # noqa: S104
    ],
)
def test_metadata_and_addresses_of_nobody_are_never_connected_to(host: str, policy: str) -> None:
    configure(read_policy(policy))

    assert is_refused(f"http://{host}")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "localhost", "[::ffff:127.0.0.1]"]
)
def test_loopback_is_called_unless_only_public_addresses_may_be(agent: AgentServer, host: str) -> None:
    url = f"http://{host}:{agent.server_port}"

    assert ask(url) == "Hi"

    connections.connections.forget()
    configure(read_policy("public"))
    assert is_refused(url)
    assert len(agent.calls()) == 1


def test_a_public_name_that_leads_inside_is_not_followed(
    agent: AgentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    Names(monkeypatch, agents_example=[["127.0.0.1"]], metadata_example=[["169.254.169.254"]])

    assert ask(f"http://agents.example:{agent.server_port}") == "Hi"
    assert is_refused("http://metadata.example")

    configure(read_policy("public"))
    connections.connections.forget()
    assert is_refused(f"http://agents.example:{agent.server_port}")


def test_a_name_is_looked_up_once_for_judging_and_connecting(
    agent: AgentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names(monkeypatch, agents_example=[["127.0.0.1"], ["169.254.169.254"]])

    assert ask(f"http://agents.example:{agent.server_port}") == "Hi"
    assert names.asked == ["agents.example"]


def test_of_several_addresses_only_those_that_are_allowed_are_tried(
    agent: AgentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    Names(monkeypatch, agents_example=[["169.254.169.254", "127.0.0.1"]])

    assert ask(f"http://agents.example:{agent.server_port}") == "Hi"


def test_our_own_services_are_not_called_by_whichever_name(
    agent: AgentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = agent.server_port
    Names(monkeypatch, broker=[["127.0.0.1"]], alias_example=[["127.0.0.1"]])
    configure(Policy(own_services=(("broker", port),)))

    for host in ("broker", "127.0.0.1", "localhost", "alias.example", "0x7f.1", "[::ffff:127.0.0.1]"):
        assert is_refused(f"http://{host}:{port}")
    assert agent.calls() == []


def test_an_own_service_that_cannot_be_found_hides_no_agent(agent: AgentServer) -> None:
    configure(Policy(own_services=(("no-such-host.invalid", agent.server_port),)))

    assert ask(agent.url) == "Hi"


def test_words_about_a_connection_that_failed_do_not_say_how_it_failed() -> None:
    with pytest.raises(CallFailed) as failed:
        ask("http://127.0.0.1:1")

    assert failed.value.message == "cannot connect to the agent's address"
