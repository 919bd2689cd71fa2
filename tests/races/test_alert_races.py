"""Processes that judge and tell at once, and one that dies meanwhile: one incident, one message."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import Error, connection, transaction

from schedules.alerts import judging, telling
from schedules.models import AlertSignal, Delivery, Incident
from tests.factories import NOON, make_agent, make_schedule
from tests.races.threads import at_once
from tests.schedules.alerts.days import fail, judge
from tests.schedules.deliveries.alerts import make_webhook

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)
SCHEDULES = 12


def fail_all() -> None:
    """A dozen schedules, each of an agent of its own."""
    workspace = make_agent().workspace
    make_webhook(workspace)
    for number in range(SCHEDULES):
        fail(make_schedule(make_agent(workspace, key=f"agent-{number}")), NOON)


def test_processes_that_judge_at_once_open_each_incident_once() -> None:
    fail_all()

    def judge_all() -> None:
        while AlertSignal.objects.exists():
            judging.judge(NOON, 3)

    at_once([judge_all] * 4)

    assert Incident.objects.count() == SCHEDULES
    assert sum(Incident.objects.values_list("count", flat=True)) == SCHEDULES


def test_processes_that_tell_at_once_tell_each_incident_once() -> None:
    fail_all()
    judge(NOON)

    def tell_all() -> None:
        while Incident.objects.filter(tell_at__lte=NOON + MINUTE).exists():
            telling.tell(NOON + MINUTE)

    at_once([tell_all] * 4)

    assert Delivery.objects.count() == SCHEDULES
    assert len(set(Delivery.objects.values_list("incident_id", flat=True))) == SCHEDULES


def test_a_process_that_dies_while_it_judges_or_tells_has_done_nothing() -> None:
    fail_all()
    with suppress(Error), transaction.atomic():
        judging.judge(NOON)
        connection.close()
    assert not Incident.objects.exists()
    assert AlertSignal.objects.count() == SCHEDULES

    judge(NOON)
    with suppress(Error), transaction.atomic():
        telling.tell(NOON + MINUTE)
        connection.close()

    assert not Delivery.objects.exists()
    telling.tell(NOON + MINUTE)
    assert Delivery.objects.count() == SCHEDULES
