"""A request leaves in as few packets as it can, and an answer is read even where the request was not."""

import select
import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.workers.runtimes.factories import never
from workers.runtimes.http.deadline import CallLimits
from workers.runtimes.http.sockets import JOINED_BYTES, LimitedStream


@pytest.fixture
def ends() -> Iterator[tuple[LimitedStream, socket.socket]]:
    """Ours and the agent's, inside of a call that may last ten seconds."""
    ours, agents = socket.socketpair()
    agents.settimeout(5)
    with ours, agents, CallLimits(timedelta(seconds=10), never) as limits:
        limits.allow(1000)
        yield LimitedStream(ours), agents


def has_received(agents: socket.socket) -> bool:
    return bool(select.select([agents], [], [], 0)[0])


def test_head_and_body_leave_together_when_the_answer_is_awaited(
    ends: tuple[LimitedStream, socket.socket],
) -> None:
    stream, agents = ends
    agents.sendall(b"answer")
    stream.write(b"head ")
    stream.write(b"body")
    assert not has_received(agents)

    assert stream.read(100) == b"answer"
    assert agents.recv(100) == b"head body"


def test_a_long_body_does_not_wait(ends: tuple[LimitedStream, socket.socket]) -> None:
    stream, agents = ends
    stream.write(b"head ")

    stream.write(b"x" * JOINED_BYTES)

    assert agents.recv(6) == b"head x"


def test_an_answer_is_read_from_an_agent_that_did_not_wait_for_the_request(
    ends: tuple[LimitedStream, socket.socket],
) -> None:
    stream, agents = ends
    stream.write(b"head ")
    agents.sendall(b"too many")
    agents.close()

    assert stream.read(100) == b"too many"
    assert stream.read(100) == b""
