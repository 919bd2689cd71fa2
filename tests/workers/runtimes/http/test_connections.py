"""Connections are shared in bursts, never between processes, and hold up under many threads."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpcore2
import pytest

from tests.agent_server import AgentServer, Behaviour
from tests.workers.runtimes.factories import make_call, make_endpoint, never
from tests.workers.runtimes.raw_server import speaking
from workers.runtimes import CallAborted, CallFailed, runtime_for
from workers.runtimes.http import connections

ROOT = Path(__file__).parents[4]


@pytest.fixture(autouse=True)
def _fresh_connections() -> Iterator[None]:
    connections.connections.forget()
    yield
    connections.connections.forget()


def ask(agent: AgentServer, text: str = "Hi", **patience: float) -> str:
    endpoint = make_endpoint(agent.url, **patience)
    return runtime_for("responses").call(make_call(input=text), endpoint, never).output_text


def used(agent: AgentServer) -> list[int]:
    return [call["connection"] for call in agent.calls()]


def test_calls_one_after_the_other_share_a_connection(agent: AgentServer) -> None:
    for _ in range(3):
        ask(agent)

    assert used(agent) == [1, 1, 1]


def test_an_error_answer_does_not_cost_the_connection(agent: AgentServer) -> None:
    agent.script("digest", Behaviour(status=503, error={"message": "later"}), Behaviour())

    with pytest.raises(CallFailed):
        ask(agent)
    ask(agent)

    assert used(agent) == [1, 1]


def test_a_connection_that_the_agent_has_closed_is_not_used_again(agent: AgentServer) -> None:
    agent.script("digest", Behaviour(headers={"Connection": "close"}), Behaviour())
    ask(agent)

    assert ask(agent, "again") == "again"
    assert used(agent) == [1, 2]


def test_an_agent_that_was_restarted_meanwhile_is_called_anew() -> None:
    with AgentServer() as agent:
        ask(agent)
        port = agent.server_port

    with AgentServer(port) as agent:
        assert ask(agent, "again") == "again"


def test_a_connection_left_in_the_middle_of_an_answer_is_not_used_again(agent: AgentServer) -> None:
    agent.script("digest", Behaviour(fault="slow_body"), Behaviour())
    with pytest.raises(CallAborted):
        runtime_for("responses").call(make_call(), make_endpoint(agent.url), lambda: bool(agent.calls()))

    assert ask(agent, "again") == "again"
    assert used(agent) == [1, 2]


def test_a_connection_that_was_idle_for_long_is_not_used_again(
    agent: AgentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "KEEPALIVE_SECONDS", 0.05)
    ask(agent)

    time.sleep(0.1)
    ask(agent)

    assert used(agent) == [1, 2]


def test_what_follows_an_answer_is_never_taken_for_the_next_one() -> None:
    bodies = [b'{"status": "completed", "output": "mine"}', b'{"status": "completed", "output": "not yours"}']
    bytes_sent = b"".join(
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body) for body in bodies
    )

    with speaking(bytes_sent) as url:
        answers = [runtime_for("responses").call(make_call(), make_endpoint(url), never) for _ in range(2)]

    assert [answer.output_text for answer in answers] == ["mine", "mine"]


def test_two_servers_never_share_a_connection() -> None:
    with AgentServer() as one, AgentServer() as other:
        for _ in range(2):
            ask(one)
            ask(other)

        assert (used(one), used(other)) == ([1, 1], [1, 1])


def test_no_more_idle_connections_are_kept_than_allowed(
    agent: AgentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MAX_IDLE", 3)
    agent.script("digest", Behaviour(delay=0.3))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: ask(agent), range(8)))

    assert sorted(set(used(agent))) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert len(connections.connections()._idle) == 3


def test_three_hundred_calls_are_in_flight_at_once(agent: AgentServer) -> None:
    agent.script("digest", Behaviour(delay=1))
    started = time.monotonic()

    with ThreadPoolExecutor(300) as threads:
        patient = {"connect": 50.0, "read": 50.0, "total": 50.0}
        answers = list(threads.map(lambda n: ask(agent, f"call {n}", **patient), range(300)))

    assert time.monotonic() - started < 50  # one after the other they take 300 s
    assert answers == [f"call {n}" for n in range(300)]


def test_the_connections_are_made_once_however_many_threads_begin() -> None:
    ready = threading.Barrier(16)

    def begin(_: int) -> connections.Connections:
        ready.wait()
        return connections.connections()

    with ThreadPoolExecutor(16) as threads:
        assert len(set(threads.map(begin, range(16)))) == 1


FORK = """
import os, sys
from tests.workers.runtimes.factories import make_call, make_endpoint, never
from workers.runtimes import runtime_for

def ask():
    return runtime_for("responses").call(make_call(), make_endpoint(sys.argv[1]), never).output_text

ask()
child = os.fork()
if child == 0:
    ask(), ask()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
ask()
"""


def test_a_forked_process_opens_its_own_connections(agent: AgentServer) -> None:
    subprocess.run([sys.executable, "-c", FORK, agent.url], cwd=ROOT, check=True, timeout=30)

    parent, child, child_again, parent_again = used(agent)
    assert parent == parent_again
    assert child == child_again != parent


class OfAnotherRelease(httpcore2.HTTPConnection):
    """The library after an upgrade that has renamed what it keeps to itself."""

    def __getattribute__(self, name: str) -> Any:
        caller = sys._getframe(1).f_globals["__name__"]
        if name == "_connection" and caller == connections.__name__:
            raise AttributeError(name)
        return super().__getattribute__(name)


def test_an_upgrade_that_hides_what_followed_an_answer_costs_connections_and_no_answer(
    agent: AgentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(httpcore2, "HTTPConnection", OfAnotherRelease)

    assert ask(agent) == ask(agent) == "Hi"
    assert used(agent) == [1, 2]
