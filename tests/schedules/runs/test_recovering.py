"""Lost work comes back, with back-pressure."""

from datetime import timedelta

import pytest
import redis
from pytest_django import Settings

from orqsite.broker import QUEUE
from schedules.messages import dispatch
from schedules.messages.breaker import Breaker
from schedules.models import Run, RunState
from schedules.runs import claiming
from schedules.runs.recovering import recover
from tests.factories import NOON, make_run, make_schedule
from tests.messages import queued

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_run_whose_message_was_lost_is_sent_again(valkey: redis.Redis) -> None:
    run = make_run(make_schedule())

    assert recover(NOON) == 1
    assert recover(NOON) == 0

    assert queued(valkey) == [(dispatch.EXECUTE_RUN, [run.id, 1])]


def test_a_run_whose_worker_is_lost_is_sent_again_at_once(valkey: redis.Redis) -> None:
    run = make_run(make_schedule())
    claiming.claim(run.id, 1, "worker", NOON, timedelta(seconds=15))

    assert recover(NOON + timedelta(seconds=15)) == 0
    assert recover(NOON + timedelta(seconds=16)) == 1

    assert queued(valkey) == [(dispatch.EXECUTE_RUN, [run.id, 1])]
    assert Run.objects.get().attempt == 2


def test_nothing_is_sent_again_while_the_queue_is_long(valkey: redis.Redis, settings: Settings) -> None:
    make_run(make_schedule())
    valkey.lpush(QUEUE, *["message"] * (settings.ORQ.queue_limit + 5))

    assert recover(NOON) == 0

    valkey.rpop(QUEUE, 6)
    assert recover(NOON) == 1


def test_a_run_that_is_not_due_is_left_alone(valkey: redis.Redis) -> None:
    later = NOON + timedelta(seconds=10)
    make_run(make_schedule(), not_before=later, redispatch_at=later)

    assert recover(NOON) == 0
    assert Run.objects.get().state == RunState.PENDING
    assert queued(valkey) == []


def test_while_the_broker_is_away_the_runs_keep_their_turn(
    valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(make_schedule())
    monkeypatch.setattr(dispatch, "breaker", Breaker(dispatch.BROKER_PAUSE_SECONDS, clock=lambda: 0.0))
    dispatch.breaker.trip()

    for seconds in range(0, 1200, 2):
        assert recover(NOON + timedelta(seconds=seconds)) == 0

    run.refresh_from_db()
    assert (run.redispatch_at, run.redispatch_count) == (NOON, 0)
