"""The thread that judges, watches and tells: nothing stops it, and it stands in while there is no beat."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection

from schedules.models import AlertSignal, Delivery, Incident, NextFire, ProcessKind, ProcessRegistration
from schedules.models.process import this_process
from tests.factories import make_agent, make_incident, make_schedule
from tests.schedules.alerts.days import MINUTE, fail
from tests.schedules.deliveries.alerts import make_webhook
from workers.alerting import Alerting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def now() -> datetime:
    """As the database has it; the others are alive."""
    for kind in ProcessKind:
        this_process(kind, "test", 20).save(force_insert=True)
    return datetime.now(UTC)


def test_a_signal_that_cannot_be_judged_is_dropped_and_those_behind_it_are_judged(now: datetime) -> None:
    schedule = make_schedule(now=now - timedelta(days=1))
    AlertSignal.objects.create(
        kind="failed",
        workspace_id=uuid4(),  # a workspace that has been deleted since
        agent_id=schedule.agent_id,
        schedule_id=make_schedule(now=now).id,
        code="agent_refused",
        trigger="cadence",
        due_at=now,
        at=now,
    )
    fail(schedule, now - MINUTE)

    Alerting(is_beat=True).go_round()

    assert not AlertSignal.objects.exists()
    assert Incident.objects.get(rule="schedule.failing").subject_id == schedule.id


@pytest.mark.postgresql
def test_what_one_step_cannot_do_keeps_none_from_its_part(now: datetime) -> None:
    agent = make_agent()
    make_webhook(agent.workspace)
    make_incident(agent, now - MINUTE, told_at=None, tell_at=now - MINUTE, telling="opened")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE schedules_alertsignal RENAME TO elsewhere")

    try:
        Alerting(is_beat=True).go_round()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO schedules_alertsignal")

    assert Delivery.objects.get().type == "agent.outage.opened"


def test_who_is_no_beat_leaves_it_to_the_beats_while_one_is_alive(now: datetime) -> None:
    schedule = make_schedule(now=now - timedelta(days=1))
    NextFire.objects.update(fire_time=now + timedelta(days=1))
    fail(schedule, now - MINUTE)
    stand_in = Alerting(is_beat=False)

    stand_in.go_round()
    assert not Incident.objects.exists()
    ProcessRegistration.objects.filter(kind=ProcessKind.BEAT).delete()
    stand_in.go_round()

    assert Incident.objects.filter(rule="schedule.failing").exists()
