"""What is to be told is written for whoever subscribes to it, in the transaction of what it tells of."""

import json

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from schedules.deliveries import outbox
from schedules.models import Delivery, DisabledReason, Webhook
from tests.factories import make_workspace
from tests.schedules.deliveries.alerts import make_alert, make_webhook

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("rules", "type_", "is_told"),
    [
        ([], "agent.outage.opened", True),
        (["agent.outage"], "agent.outage.opened", True),
        (["agent.outage"], "agent.outage.reminder", True),
        (["agent.outage"], "agent.saturated.opened", False),
        (["schedule.failing"], "agent.outage.recovered", False),
        (["schedule.paused"], "schedule.paused", True),
        (["schedule.failing"], "alerts.digest", True),
    ],
)
def test_an_endpoint_is_told_of_the_events_of_its_rules(rules: list[str], type_: str, is_told: bool) -> None:
    webhook = make_webhook(rules=rules)

    count = outbox.put([make_alert(webhook.workspace, type=type_)])

    assert count == Delivery.objects.count() == int(is_told)


def test_only_enabled_endpoints_of_the_alerts_workspace_are_told() -> None:
    mine, off, foreign = make_webhook(), make_webhook(), make_webhook()
    Webhook.objects.filter(id=off.id).update(
        workspace=mine.workspace, is_enabled=False, disabled_reason=DisabledReason.GONE
    )

    outbox.put([make_alert(mine.workspace)])

    assert [delivery.webhook_id for delivery in Delivery.objects.all()] == [mine.id]
    assert foreign.deliveries.count() == 0


@pytest.mark.postgresql  # SQLite takes so many values and no more in one statement
def test_however_many_alerts_there_are_it_takes_two_statements() -> None:
    one, other = make_webhook(), make_webhook()
    alerts = [make_alert(each.workspace) for each in (one, other) for _ in range(100)]

    with CaptureQueriesContext(connection) as queries:
        assert outbox.put(alerts) == 200

    assert len(queries) == 2


def test_what_is_rolled_back_is_not_told() -> None:
    webhook = make_webhook()

    with transaction.atomic():
        assert outbox.put([make_alert(webhook.workspace)]) == 1
        transaction.set_rollback(True)

    assert not Delivery.objects.exists()


def test_nothing_is_written_where_nobody_subscribes() -> None:
    assert outbox.put([make_alert(make_workspace())]) == 0
    assert outbox.put([]) == 0


def test_a_body_is_never_too_large_whatever_is_in_it() -> None:
    webhook = make_webhook()
    names = {f"agent_{number}": "☃" * 40 for number in range(500)}

    outbox.put(
        [make_alert(webhook.workspace, data=names), make_alert(webhook.workspace, data={"x": "y" * 30_000})]
    )

    for body in Delivery.objects.values_list("body", flat=True):
        assert len(body.encode()) < 20_000
        assert json.loads(body)["data"]["is_shortened"] is True
