"""Attempts in flight: they keep their lease and hold no connection, and end when the lease is lost."""

import threading
import time
from datetime import timedelta

import pytest
from pytest_django import Settings

from schedules.database.clock import database_now
from schedules.models import Agent, Run, RunState
from schedules.runs import claiming, leases, transitions
from schedules.runs.claimed import Claimed
from tests.agent_server import AgentServer, Behaviour
from tests.waiting import wait_for
from tests.workers.attempts import executed, executed_in_thread, pending_run, posts
from workers import execution
from workers.heartbeat import Heartbeat, heartbeat

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.postgresql
def test_calls_in_flight_hold_no_database_connections(
    server: AgentServer, agent: Agent, settings: Settings
) -> None:
    """More calls at once than the process may have connections: if each kept one, some could not begin."""
    count = settings.ORQ.database_pool_size + 5
    server.script("digest", Behaviour(delay=3.0))
    in_flight = [pending_run(agent) for _ in range(count)]
    workers = [threading.Thread(target=executed_in_thread, args=(run, [])) for run in in_flight]

    for worker in workers:
        worker.start()
    wait_for(lambda: len(posts(server)) == count, seconds=2.5, what="all calls at once")
    for worker in workers:
        worker.join()

    assert Run.objects.filter(state=RunState.SUCCEEDED).count() == count


def test_a_run_cancelled_in_flight_is_aborted_and_stays_cancelled(
    server: AgentServer, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    quick = Heartbeat(timedelta(milliseconds=100), timedelta(seconds=5))
    monkeypatch.setattr(execution, "heartbeat", lambda: quick)
    server.script("digest", Behaviour(delay=30))
    run = pending_run(agent)
    worker = threading.Thread(target=executed_in_thread, args=(run, seen))

    worker.start()
    wait_for(lambda: posts(server), what="the call")
    assert transitions.cancel(run.id, database_now())
    worker.join(timeout=5)

    assert not worker.is_alive()
    assert seen == [RunState.CANCELLED]


def test_a_call_longer_than_the_lease_keeps_its_run(
    server: AgentServer, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    quick = Heartbeat(timedelta(milliseconds=200), timedelta(seconds=1))
    monkeypatch.setattr(execution, "heartbeat", lambda: quick)
    server.script("digest", Behaviour(delay=2.5))
    run = pending_run(agent)
    worker = threading.Thread(target=executed_in_thread, args=(run, seen))

    worker.start()
    recovered = 0
    while worker.is_alive():
        recovered += leases.take_back_expired(database_now(), 10)
        worker.join(timeout=0.05)

    assert (recovered, seen) == (0, [RunState.SUCCEEDED])


def test_a_heartbeat_that_cannot_reach_the_database_loses_its_leases_in_time(agent: Agent) -> None:
    silent = Heartbeat(timedelta(hours=1), timedelta(milliseconds=200))
    claimed = claiming.claim(pending_run(agent).id, 1, silent.worker, database_now(), silent.lease)
    assert isinstance(claimed, Claimed)

    with silent.keeping_lease(claimed, claimed_at=0.0) as is_lost:
        assert is_lost()


def test_a_lost_lease_is_not_revived(agent: Agent) -> None:
    """Its slot may be another call's by now."""
    slow = Heartbeat(timedelta(hours=1), timedelta(seconds=15))
    claimed = claiming.claim(pending_run(agent).id, 1, slow.worker, database_now(), slow.lease)
    assert isinstance(claimed, Claimed)

    with slow.keeping_lease(claimed, claimed_at=0.0) as is_lost:
        slow.renew()
        assert is_lost()

    assert Run.objects.get().lease_expires_at == claimed.lease_expires_at


@pytest.mark.parametrize(("max_attempts", "state"), [(2, RunState.PENDING), (1, RunState.FAILED)])
def test_an_aborted_run_that_is_still_ours_is_given_back_while_attempts_remain(
    server: AgentServer, agent: Agent, monkeypatch: pytest.MonkeyPatch, max_attempts: int, state: RunState
) -> None:
    silent = Heartbeat(timedelta(hours=1), timedelta(seconds=0.5))
    monkeypatch.setattr(execution, "heartbeat", lambda: silent)
    Agent.objects.update(max_attempts=max_attempts)
    server.script("digest", Behaviour(delay=30))

    done = executed(pending_run(agent))

    assert (done.state, done.attempt, done.error_code) == (state, max_attempts, "worker_lost")


def test_a_heartbeat_outlives_any_error(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = Heartbeat(timedelta(milliseconds=30), timedelta(seconds=15))
    claimed = claiming.claim(pending_run(agent).id, 1, quick.worker, database_now(), quick.lease)
    assert isinstance(claimed, Claimed)
    tries: list[int] = []

    def surprise(*_: object) -> None:
        tries.append(1)
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(leases, "renew", surprise)
    with quick.keeping_lease(claimed, time.monotonic()):
        wait_for(lambda: len(tries) > 2, what="renewals after an error")


def test_a_lease_the_database_no_longer_grants_is_lost_at_once(agent: Agent) -> None:
    silent = Heartbeat(timedelta(hours=1), timedelta(seconds=15))
    claimed = claiming.claim(pending_run(agent).id, 1, silent.worker, database_now(), silent.lease)
    assert isinstance(claimed, Claimed)

    with silent.keeping_lease(claimed, time.monotonic()) as is_lost:
        assert not is_lost()
        transitions.cancel(claimed.run_id, database_now())
        silent.renew()
        assert is_lost()


def test_a_lease_that_was_lost_once_stays_lost(agent: Agent) -> None:
    silent = Heartbeat(timedelta(hours=1), timedelta(seconds=15))
    claimed = claiming.claim(pending_run(agent).id, 1, silent.worker, database_now(), silent.lease)
    assert isinstance(claimed, Claimed)

    with silent.keeping_lease(claimed, time.monotonic() - 16) as is_lost:
        assert is_lost()
        silent.renew()
        assert is_lost()


def test_one_process_has_one_heartbeat(settings: Settings) -> None:
    assert heartbeat() is heartbeat()
    assert heartbeat().lease == timedelta(seconds=settings.ORQ.lease_seconds)
