"""Deadlines, the wish to abort and the size limits hold against an agent that does its worst."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.agent_server import FAULTS, AgentServer, Behaviour
from tests.workers.runtimes.factories import BUSY, after, make_call, make_endpoint, never, wait_until
from tests.workers.runtimes.raw_server import speaking
from workers.runtimes import CallAborted, CallFailed, Endpoint, runtime_for

PATIENT = 0.5
"""Seconds a call may last in these tests; it must be over within one more."""

ENDLESS = ["hang", "slow_head", "slow_body", "slow_interim"]


def failure_at(url: str, should_abort: Callable[[], bool] = never, **endpoint: Any) -> CallFailed:
    with pytest.raises(CallFailed) as failed:
        runtime_for("responses").call(make_call(), make_endpoint(url, **endpoint), should_abort)
    return failed.value


def code_of(endpoint: Endpoint) -> str:
    try:
        runtime_for("responses").call(make_call(), endpoint, never)
    except CallFailed as failure:
        return failure.code
    return "answered"


@contextmanager
def within(least: float, most: float) -> Iterator[None]:
    started = time.monotonic()
    yield
    assert least <= time.monotonic() - started < most + BUSY


@pytest.fixture
def unreachable_port() -> Iterator[int]:
    """A port where connecting takes for ever: its queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        callers = [socket.socket() for _ in range(4)]
        for caller in callers:
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
        for caller in callers:
            caller.close()


@pytest.mark.parametrize("fault", ENDLESS)
def test_the_total_time_ends_every_call(agent: AgentServer, fault: str) -> None:
    agent.script("digest", Behaviour(fault=fault))

    with within(PATIENT, PATIENT + 1):
        failure = failure_at(agent.url, total=PATIENT)

    assert (failure.code, failure.is_retryable, failure.is_silent) == ("agent_timeout", True, True)
    assert failure.message == "no complete answer within 0.5 s"
    wait_until(lambda: hung_up(agent), 1)


@pytest.mark.parametrize("fault", ENDLESS)
def test_the_wish_to_abort_ends_every_call(agent: AgentServer, fault: str) -> None:
    agent.script("digest", Behaviour(fault=fault))

    def is_amid() -> bool:
        return bool(agent.calls()) and time.time() - agent.calls()[0]["time"] > 0.3

    with pytest.raises(CallAborted):
        runtime_for("responses").call(make_call(), make_endpoint(agent.url), is_amid)

    assert time.time() - agent.calls()[0]["time"] < 1.3 + BUSY
    wait_until(lambda: hung_up(agent), 1)


def test_an_agent_may_be_silent_for_the_read_timeout_only(agent: AgentServer) -> None:
    agent.script("digest", Behaviour(fault="hang"))

    with within(PATIENT, PATIENT + 1):
        failure = failure_at(agent.url, read=PATIENT)

    assert (failure.code, failure.is_retryable, failure.is_silent) == ("agent_timeout", True, True)
    assert failure.message == "the agent was silent for 0.5 s"


def test_an_agent_that_goes_on_talking_is_not_silent(agent: AgentServer) -> None:
    agent.script("digest", Behaviour(fault="slow_body"))

    assert failure_at(agent.url, read=0.3, total=PATIENT).message == "no complete answer within 0.5 s"


def test_an_agent_that_does_not_take_the_request_is_left(agent: AgentServer) -> None:
    much = {"instructions": "x" * 20_000_000}
    endpoint = make_endpoint(agent.url, path="/deaf", read=PATIENT, extra_body=much)

    with within(PATIENT, PATIENT + 1.5), pytest.raises(CallFailed) as failed:
        runtime_for("responses").call(make_call(), endpoint, never)

    assert failed.value.message == "the agent took nothing of the request for 0.5 s"
    assert (failed.value.is_retryable, failed.value.is_silent) == (True, False)


def test_connecting_ends_with_the_connect_timeout(unreachable_port: int) -> None:
    with within(PATIENT, PATIENT + 1):
        failure = failure_at(f"http://127.0.0.1:{unreachable_port}", connect=PATIENT)

    assert (failure.code, failure.is_retryable, failure.is_silent) == ("agent_timeout", True, False)
    assert failure.message == "no connection within 0.5 s"


def test_connecting_ends_with_the_total_time(unreachable_port: int) -> None:
    with within(PATIENT, PATIENT + 1):
        failure = failure_at(f"http://127.0.0.1:{unreachable_port}", connect=30, total=PATIENT)

    assert failure.message == "no complete answer within 0.5 s"
    assert not failure.is_silent, "the agent has not seen the request"


def test_connecting_ends_with_the_wish_to_abort(unreachable_port: int) -> None:
    endpoint = make_endpoint(f"http://127.0.0.1:{unreachable_port}", connect=30)

    with within(0.3, 1.3), pytest.raises(CallAborted):
        runtime_for("responses").call(make_call(), endpoint, after(0.3))


def test_a_handshake_that_never_comes_ends_with_the_connect_timeout() -> None:
    with speaking(b"") as url, within(PATIENT, PATIENT + 1):
        failure = failure_at(url.replace("http:", "https:"), connect=PATIENT)

    assert failure.message == "no connection within 0.5 s"


def test_a_handshake_that_never_comes_ends_with_the_wish_to_abort() -> None:
    with speaking(b"") as url, within(0.3, 1.3):
        endpoint = make_endpoint(url.replace("http:", "https:"), connect=30)
        with pytest.raises(CallAborted):
            runtime_for("responses").call(make_call(), endpoint, after(0.3))


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("oversize", "response_too_large"),
        ("oversize_chunked", "response_too_large"),
        ("tiny_chunks", "response_too_large"),
        ("interim_flood", "response_too_large"),
        ("huge_head", "agent_unreachable"),
        ("gzip_bomb", "response_too_large"),
    ],
)
def test_an_answer_without_end_is_cut_off(agent: AgentServer, fault: str, code: str) -> None:
    agent.script("digest", Behaviour(fault=fault))

    with within(0, 3):
        failure = failure_at(agent.url)

    assert failure.code == code
    assert failure.is_retryable == (code == "agent_unreachable")
    wait_until(lambda: hung_up(agent), 1)


def test_every_way_to_misbehave_is_survived(agent: AgentServer) -> None:
    tried = {
        *ENDLESS,
        "oversize",
        "oversize_chunked",
        "tiny_chunks",
        "interim_flood",
        "huge_head",
        "gzip_bomb",
    }

    assert set(FAULTS) == tried | {"close", "reset", "garbage", "truncated"}, "a new fault needs a test"


def test_an_answer_may_be_as_large_as_allowed_and_no_larger(agent: AgentServer) -> None:
    body = '{"status": "completed", "output": "' + "x" * 1000 + '"}'
    agent.script("digest", Behaviour(body=body))

    allowed = make_endpoint(agent.url, max_response_bytes=len(body))
    assert runtime_for("responses").call(make_call(), allowed, never).output_text == "x" * 1000
    failure = failure_at(agent.url, max_response_bytes=len(body) - 1)
    assert (failure.code, failure.http_status) == ("response_too_large", 200)


def test_an_answer_of_unknown_length_may_be_no_larger_either() -> None:
    body = b'{"status": "completed", "output": "%s"}' % (b"x" * 1000)

    for limit, is_allowed in ((len(body), True), (len(body) - 1, False)):
        with speaking(b"HTTP/1.1 200 OK\r\n\r\n" + body, hang_up=True) as url:
            endpoint = make_endpoint(url, max_response_bytes=limit)
            assert code_of(endpoint) == ("answered" if is_allowed else "response_too_large")


def test_an_answer_that_announces_too_much_is_not_waited_for() -> None:
    with speaking(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n") as url, within(0, 1):
        failure = failure_at(url)

    assert failure.code == "response_too_large"


def test_an_error_whose_explanation_never_ends_is_still_told_by_its_status() -> None:
    head = b"HTTP/1.1 503 Busy\r\nRetry-After: 9\r\nContent-Length: 1000\r\n\r\n{"

    with speaking(head) as url, within(0, PATIENT + 1):
        failure = failure_at(url, read=PATIENT)

    assert (failure.code, failure.is_retryable) == ("agent_http_error", True)
    assert failure.retry_after is not None


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: nine\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n{}",
        b"HTTP/1.1 \xff\xff OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nBad Header\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
    ],
)
def test_broken_http_is_a_broken_connection(said: bytes) -> None:
    with speaking(said) as url:
        failure = failure_at(url, read=PATIENT)

    assert failure.code == "agent_unreachable"


def test_an_answer_of_http_1_0_that_ends_with_its_connection_is_read() -> None:
    with speaking(b'HTTP/1.0 200 OK\r\n\r\n{"status": "completed", "output": "old"}', hang_up=True) as url:
        answer = runtime_for("responses").call(make_call(), make_endpoint(url), never)

    assert answer.output_text == "old"


def test_a_server_that_hangs_up_right_after_its_answer_does_no_harm() -> None:
    answer = b'{"status": "completed", "output": "bye"}'
    said = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer)

    for _ in range(20):  # whether the end is noticed while the connection is put away is a matter of luck
        with speaking(said, hang_up=True) as url:
            assert runtime_for("responses").call(make_call(), make_endpoint(url), never).output_text == "bye"


def hung_up(agent: AgentServer) -> bool:
    return any(entry.get("event") == "hangup" for entry in agent.entries())
