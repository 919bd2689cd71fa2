"""The bell of a process: what waits gets its message soon, and many rings are one look."""

import time

import pytest
import redis

from schedules.database.clock import database_now
from schedules.messages import dispatch
from schedules.runs import recovering
from tests.factories import make_run, make_schedule
from tests.messages import queued
from tests.waiting import wait_for
from workers import ringer
from workers.ringer import Ringer

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_ring_sends_the_messages_of_those_who_wait(valkey: redis.Redis) -> None:
    now = database_now()
    run = make_run(make_schedule(now=now), not_before=now, redispatch_at=now)

    Ringer().ring()

    wait_for(lambda: queued(valkey) == [(dispatch.EXECUTE_RUN, [run.id, 1])], what="its message")


def test_many_rings_are_few_looks_and_none_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []
    monkeypatch.setattr(ringer, "top_up", lambda *_: looks.append(time.monotonic()))
    monkeypatch.setattr(ringer, "PAUSE_SECONDS", 0.3)
    bell = Ringer()

    for _ in range(50):
        bell.ring()
    wait_for(lambda: looks, what="the first look")
    last_ring = time.monotonic()
    bell.ring()

    wait_for(lambda: looks[-1] > last_ring, what="a look after the last ring")
    assert len(looks) <= 3


def test_a_look_that_fails_does_not_end_the_bell(
    valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []

    def fail(*_: object) -> int:
        looks.append("look")
        raise RuntimeError

    monkeypatch.setattr(ringer, "top_up", fail)
    bell = Ringer()
    bell.ring()
    wait_for(lambda: looks, what="a look that fails")
    monkeypatch.setattr(ringer, "top_up", recovering.top_up)
    now = database_now()
    make_run(make_schedule(now=now), not_before=now, redispatch_at=now)

    bell.ring()

    wait_for(lambda: queued(valkey), what="its message")
