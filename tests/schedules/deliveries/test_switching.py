"""An endpoint that fails for days is switched off once, and its owners learn of it; one success clears it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from schedules import access
from schedules.deliveries import claiming, outcomes
from schedules.deliveries.outcomes import Sent
from schedules.models import Delivery, DeliveryCount, JournalEntry, Role, Webhook
from tests.factories import NOON
from tests.schedules.deliveries.alerts import make_delivery, make_webhook

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
FAILED = Sent(503, "http_error")


def die(webhook: Webhook, now: datetime, count: int = 1) -> None:
    """So many messages come to their last attempt, the first having been three days before."""
    for _ in range(count):
        make_delivery(webhook, created_at=now, attempt_count=9, tried_since=now - 3 * DAY)
        end(webhook, now, FAILED)


def end(webhook: Webhook, now: datetime, sent: Sent) -> None:
    for claimed in claiming.claim(now, 100):
        assert outcomes.record(claimed, sent, now, 0.5)
    webhook.refresh_from_db()


def owner(webhook: Webhook, **fields: Any) -> User:
    user = User.objects.create(**{"username": "anna", "email": "anna@example.com"} | fields)
    access.give(user, webhook.workspace, Role.ADMINISTRATOR, signature="test")
    return user


def test_the_tenth_dead_letter_in_a_row_switches_it_off() -> None:
    webhook = make_webhook()

    die(webhook, NOON, 9)
    assert (webhook.is_enabled, webhook.dead_count) == (True, 9)
    die(webhook, NOON)

    assert (webhook.is_enabled, webhook.disabled_reason) == (False, "dead_letters")
    line = JournalEntry.objects.get(verb="update", object_type="webhook")
    assert line.changes["disabled_reason"] == {"new": "dead_letters"}


def test_a_success_between_them_begins_the_count_anew() -> None:
    webhook = make_webhook()
    die(webhook, NOON, 9)

    make_delivery(webhook, created_at=NOON)
    end(webhook, NOON, Sent(204))
    assert (webhook.dead_count, webhook.failing_since) == (0, None)
    die(webhook, NOON, 9)

    assert webhook.is_enabled


def test_ten_in_less_than_three_days_are_not_enough() -> None:
    webhook = make_webhook()
    for _ in range(12):
        make_delivery(webhook, created_at=NOON, attempt_count=9, tried_since=NOON - 2 * DAY)
        end(webhook, NOON, FAILED)

    assert (webhook.is_enabled, webhook.dead_count) == (True, 12)


def test_its_owners_are_told_by_mail_once() -> None:
    webhook = make_webhook()
    owner(webhook)
    owner(webhook, username="bert", email="")

    die(webhook, NOON, 10)

    told = Delivery.objects.get(webhook=None)
    assert (told.type, told.channel, told.workspace_id) == ("webhook.disabled", "email", webhook.workspace_id)
    assert "On call was switched off" in told.summary


def test_where_no_owner_has_an_address_nothing_is_written() -> None:
    webhook = make_webhook()
    owner(webhook, email="")

    die(webhook, NOON, 10)

    assert not Delivery.objects.filter(webhook=None).exists()


def test_a_failed_test_does_not_count() -> None:
    webhook = make_webhook()
    for _ in range(12):
        make_delivery(webhook, type="webhook.test", created_at=NOON, tried_since=NOON - 9 * DAY)
        end(webhook, NOON, FAILED)

    assert (webhook.is_enabled, webhook.dead_count) == (True, 0)


def test_a_result_of_a_lapsed_lease_counts_for_nothing() -> None:
    webhook = make_webhook()
    make_delivery(webhook, created_at=NOON)
    [late] = claiming.claim(NOON, 10)
    [claimed] = claiming.claim(NOON + claiming.LEASE, 10)

    assert not outcomes.record(late, Sent(204), NOON, 0.5)
    assert outcomes.record(claimed, FAILED, NOON, 0.5)

    assert Delivery.objects.get().state == "pending"
    assert list(DeliveryCount.objects.values_list("channel", "outcome", "count")) == [
        ("webhook", "failed", 1)
    ]


def test_every_attempt_is_counted_by_what_it_came_to() -> None:
    webhook = make_webhook()
    die(webhook, NOON, 2)
    make_delivery(webhook, created_at=NOON)
    end(webhook, NOON, FAILED)
    end(webhook, NOON + 1 * DAY, Sent(200))

    counts = dict(DeliveryCount.objects.values_list("outcome", "count"))
    assert counts == {"dead": 2, "failed": 1, "delivered": 1}
