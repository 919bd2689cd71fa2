"""Messages leave as ordinary Celery messages; a broker that is away costs little and loses nothing."""

import os
import signal
import time
from datetime import timedelta

import pytest
import redis

from orqsite.embedded.valkey import Valkey
from schedules.messages import dispatch
from schedules.messages.breaker import Breaker
from tests.counting import socket_calls
from tests.messages import queued
from tests.waiting import wait_for

TEN_SECONDS = timedelta(seconds=10)


def test_many_runs_leave_as_messages_any_celery_worker_reads(valkey: redis.Redis) -> None:
    pairs = [(f"run-{number}", 1) for number in range(1200)]

    assert dispatch.send_now(iter(pairs))

    assert queued(valkey) == [(dispatch.EXECUTE_RUN, list(pair)) for pair in pairs]
    assert dispatch.queue_length() == 1200


def test_nothing_to_send_asks_nothing_of_the_broker(valkey: redis.Redis) -> None:
    assert dispatch.send_now([])
    assert queued(valkey) == []


@pytest.fixture
def patient_breaker(monkeypatch: pytest.MonkeyPatch) -> None:
    """It stays open for the whole test, however slow the machine."""
    monkeypatch.setattr(dispatch, "breaker", Breaker(pause_seconds=600))


@pytest.mark.usefixtures("patient_breaker")
def test_a_dead_broker_is_passed_over_quickly(own_broker: Valkey) -> None:
    own_broker.kill()

    first = socket_calls(lambda: _fails(dispatch.send_later("run", 1, TEN_SECONDS)))
    following = socket_calls(lambda: _fails(dispatch.send_later("run", 1, TEN_SECONDS)))

    assert first > 0
    assert following == 0, "it is not asked again"


@pytest.mark.usefixtures("patient_breaker")
def test_a_hung_broker_costs_its_time_out_once(own_broker: Valkey) -> None:
    dispatch.send_later("run", 1, TEN_SECONDS)
    assert own_broker.child is not None
    os.kill(own_broker.child.pid, signal.SIGSTOP)

    started = time.monotonic()
    _fails(dispatch.send_later("run", 1, TEN_SECONDS))
    first = time.monotonic() - started
    following = socket_calls(lambda: _fails(dispatch.send_now([("run", 1)])))

    os.kill(own_broker.child.pid, signal.SIGCONT)
    assert 0.5 < first < 5, "its time-out is one second, and nobody tries twice"
    assert following == 0, "it is not asked again"


def test_a_broker_that_comes_back_is_used_again(own_broker: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "breaker", Breaker(pause_seconds=0.2))
    dispatch.send_later("before", 1, TEN_SECONDS)
    own_broker.kill()
    assert not dispatch.send_later("lost", 1, TEN_SECONDS)

    own_broker.start()

    wait_for(lambda: dispatch.send_now([("after", 1)]))
    with redis.Redis.from_url(own_broker.url) as client:
        assert (dispatch.EXECUTE_RUN, ["after", 1]) in queued(client)


def test_an_error_nobody_thought_of_is_no_error_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    def surprise(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(dispatch, "_send_all", surprise)

    assert dispatch.send_now([("run", 1)]) is False


def test_the_breaker_opens_for_its_pause_and_closes_by_itself() -> None:
    times = iter([99.0, 100.0, 104.9, 105.0])
    breaker = Breaker(pause_seconds=5, clock=lambda: next(times))

    before = breaker.is_open
    breaker.trip()

    assert [before, breaker.is_open, breaker.is_open] == [False, True, False]


def _fails(is_sent: bool) -> None:
    assert is_sent is False
