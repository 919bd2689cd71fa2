"""A newer firing never waits behind an older late one of its schedule: it takes that one's place."""

from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db.models import F
from pytest_django import Settings

from schedules.firing import due
from schedules.firing.portable import PortableFireBatch
from schedules.firing.postgresql import PostgresqlFireBatch
from schedules.ledger import audit
from schedules.models import NextFire, Run, RunState, TriggerKind
from schedules.runs import claiming
from schedules.runs.claiming import NotClaimed
from tests.factories import NOON, make_agent, make_due_schedule, make_schedule
from tests.firing import fire

pytestmark = pytest.mark.django_db(transaction=True)

HOURLY = "0 0 * * * *"
LEASE = timedelta(seconds=15)


@pytest.fixture(
    autouse=True,
    params=[
        pytest.param(PortableFireBatch, id="portable"),
        pytest.param(PostgresqlFireBatch, id="postgresql", marks=pytest.mark.postgresql),
    ],
)
def _twin(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "fire_batch", request.param)


@pytest.fixture
def late() -> Run:
    schedule = make_schedule(expression=HOURLY, now=NOON - timedelta(minutes=30))
    fire(NOON + timedelta(minutes=10), 10)
    return Run.objects.get(schedule=schedule)


def test_a_newer_firing_takes_the_place_of_a_late_one_that_never_started(
    late: Run, valkey: redis.Redis
) -> None:
    now = NOON + timedelta(hours=1)

    fire(now, 10)

    late.refresh_from_db()
    assert (late.state, late.reason, late.finished_at) == (RunState.DISCARDED, "coalesced", now)
    newer = Run.objects.get(fire_time=now)
    assert (newer.state, newer.not_before, newer.is_misfire) == (RunState.PENDING, now, False)
    assert audit(now).is_clean
    assert claiming.claim(late.id, 1, "worker", now, LEASE) is NotClaimed.NOT_PENDING


def test_a_newer_firing_that_is_late_itself_waits_no_longer_than_the_older_would_have(
    settings: Settings,
) -> None:
    settings.ORQ = settings.ORQ.model_copy(update={"catch_up_per_second": 1})
    agent = make_agent()
    for _ in range(5):
        make_schedule(agent, NOON - timedelta(minutes=30), expression=HOURLY)
    fire(NOON + timedelta(minutes=10), 10)
    Run.objects.update(not_before=F("not_before") + timedelta(hours=2))
    places = dict(Run.objects.values_list("schedule_id", "not_before"))

    fire(NOON + timedelta(hours=1, minutes=10), 10)

    assert dict(Run.objects.pending().values_list("schedule_id", "not_before")) == places
    assert Run.objects.filter(state=RunState.DISCARDED, reason="coalesced").count() == 5


@pytest.mark.parametrize(
    "facts",
    [
        {"state": RunState.RUNNING, "lease_expires_at": NOON},
        {"state": RunState.SUCCEEDED},
        {"started_at": NOON},
        {"is_misfire": False},
        {"generation": 7},
        {"trigger": TriggerKind.MANUAL, "fire_time": None},
        {"fire_time": NOON + timedelta(hours=1)},
        {"fire_time": NOON + timedelta(hours=2)},
    ],
    ids=[
        "running",
        "ended",
        "retried",
        "in time",
        "of another generation",
        "manual",
        "the same",
        "newer",
    ],
)
def test_every_other_run_stays(late: Run, facts: dict[str, Any]) -> None:
    Run.objects.filter(id=late.id).update(**facts)
    before = Run.objects.values().get(id=late.id)

    fire(NOON + timedelta(hours=1), 10)

    assert Run.objects.values().get(id=late.id) == before


def test_the_late_run_of_another_schedule_stays(late: Run) -> None:
    NextFire.objects.filter(schedule=late.schedule_id).delete()
    make_due_schedule()

    fire(NOON + timedelta(hours=1), 10)

    late.refresh_from_db()
    assert late.state == RunState.PENDING
