"""After an outage a beat takes no lease back until workers have had the time to store what they hold."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
import redis
from celery import current_app
from django.db import InterfaceError, OperationalError

from schedules.database.clock import database_now
from schedules.models import Run, RunState
from schedules.runs import leases
from tests.factories import make_run, make_schedule
from workers import beat, outages
from workers.beat import ScheduleBeat
from workers.outages import GRACE_SECONDS, Outage

pytestmark = pytest.mark.django_db(transaction=True)


def later(clock: Callable[[], float], seconds: float) -> Callable[[], float]:
    return lambda: clock() + seconds


def test_a_beat_that_has_just_started_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    outage = Outage()

    assert not outage.is_over()

    monkeypatch.setattr(time, "monotonic", later(time.monotonic, GRACE_SECONDS))
    assert outage.is_over()


def test_the_wait_counts_from_the_first_write_after_the_last_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    outage = Outage()
    outage.is_over()
    monkeypatch.setattr(time, "monotonic", later(time.monotonic, GRACE_SECONDS))
    assert outage.is_over()

    outage.has_begun()

    def read_only() -> None:
        raise OperationalError

    with monkeypatch.context() as patched:
        patched.setattr(leases, "require_writable", read_only)
        with pytest.raises(OperationalError):
            outage.is_over()
    monkeypatch.setattr(time, "monotonic", later(time.monotonic, GRACE_SECONDS))  # the failure was long ago
    assert not outage.is_over()


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_lapsed_lease_outlives_an_outage(
    valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    started = ScheduleBeat(app=current_app)
    past = database_now() - timedelta(minutes=1)
    fields = {"state": RunState.RUNNING, "lease_expires_at": past, "started_at": past, "max_attempts": 3}
    run = make_run(make_schedule(now=past), not_before=past, redispatch_at=past, **fields)
    started._outage.is_over()
    monkeypatch.setattr(time, "monotonic", later(time.monotonic, GRACE_SECONDS + 1))

    started._recover_at = time.monotonic() + 60.0

    def away(*_: object) -> bool:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(beat, "is_anything_due", away)
        assert started.tick() == 1.0

    monkeypatch.setattr(beat, "RECOVER_SECONDS", 0.0)
    started._recover_at = 0.0
    started.tick()
    assert Run.objects.get(id=run.id).state == RunState.RUNNING

    monkeypatch.setattr(outages, "GRACE_SECONDS", 0.0)
    started.tick()
    assert Run.objects.get(id=run.id).state == RunState.PENDING
