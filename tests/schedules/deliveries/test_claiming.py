"""Who sends a message: one process at a time, and no endpoint keeps the others waiting."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from schedules.database.clock import database_now
from schedules.deliveries import claiming
from schedules.deliveries.claiming import LEASE, claim
from schedules.deliveries.retention import prune
from schedules.models import Delivery, DeliveryCount, Webhook
from tests.factories import NOON
from tests.schedules.deliveries.alerts import make_delivery, make_webhook


@pytest.mark.django_db
class TestAClaim:
    def test_a_claimed_message_is_nobody_elses_until_its_lease_is_over(self) -> None:
        make_delivery(make_webhook(), created_at=NOON)

        [first] = claim(NOON, 10)

        assert claim(NOON + LEASE - timedelta(milliseconds=1), 10) == []
        [second] = claim(NOON + LEASE, 10)
        assert (first.id, first.attempt_count, second.attempt_count) == (second.id, 1, 2)

    def test_what_is_not_due_or_over_is_left_alone(self) -> None:
        webhook = make_webhook()
        make_delivery(webhook, created_at=NOON + timedelta(seconds=1))
        for state in ("dead", "delivered"):
            make_delivery(webhook, created_at=NOON, state=state)

        assert claim(NOON, 10) == []

    def test_an_endpoint_gets_half_of_a_sender_even_where_no_other_waits(self) -> None:
        webhook = make_webhook()
        for _ in range(10):
            make_delivery(webhook, created_at=NOON)

        assert len(claim(NOON, 10)) == 5
        assert len(claim(NOON, 7, {webhook.id: 3})) == 2
        assert claim(NOON, 5, {webhook.id: 5}) == []

    def test_an_endpoint_with_many_leaves_room_for_others(self) -> None:
        busy, other = make_webhook(), make_webhook()
        for _ in range(30):
            make_delivery(busy, created_at=NOON)
        make_delivery(other, created_at=NOON + timedelta(seconds=1))

        claimed = claim(NOON + timedelta(seconds=1), 10)

        assert [each.webhook_id for each in claimed].count(busy.id) == 5
        assert other.id in {each.webhook_id for each in claimed}

    def test_an_endpoint_with_enough_on_the_way_waits(self) -> None:
        busy, other = make_webhook(), make_webhook()
        make_delivery(busy, created_at=NOON)
        make_delivery(other, created_at=NOON)
        owners = make_delivery(other, created_at=NOON, webhook_id=None)

        claimed = claim(NOON, 10, {busy.id: claiming.MOST_OF_ENDPOINT})

        assert {each.id for each in claimed} == {owners.id, other.deliveries.get().id}

    def test_what_is_due_for_an_endpoint_that_is_off_is_a_dead_letter(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(claiming, "BATCH", 2)
        webhook = make_webhook()
        for _ in range(5):
            make_delivery(webhook, created_at=NOON)
        later = make_delivery(webhook, created_at=NOON + timedelta(hours=1))
        Webhook.objects.update(is_enabled=False, disabled_reason="by_hand")

        assert claim(NOON, 10) == []

        assert Delivery.objects.filter(state="dead", last_error="endpoint_off").count() == 5
        assert DeliveryCount.objects.get(outcome="dead").count == 5
        Webhook.objects.update(is_enabled=True, disabled_reason="")
        assert [each.id for each in claim(NOON + timedelta(hours=1), 10)] == [later.id]

    def test_messages_that_are_over_are_deleted_and_waiting_ones_stay(self) -> None:
        webhook = make_webhook()
        old = NOON - timedelta(days=31)
        for state in ("dead", "delivered"):
            make_delivery(webhook, created_at=old, state=state, ended_at=old)
        kept = [
            make_delivery(webhook, created_at=old).id,
            make_delivery(webhook, created_at=old, state="dead", ended_at=NOON).id,
        ]

        assert prune(NOON - timedelta(days=30)) == 2

        assert set(Delivery.objects.values_list("id", flat=True)) == set(kept)


@pytest.mark.django_db(transaction=True)
def test_many_senders_at_once_claim_each_message_once() -> None:
    webhooks = [make_webhook() for _ in range(3)]
    made = {make_delivery(webhook).id for webhook in webhooks for _ in range(20)}
    now, barrier = database_now() + timedelta(seconds=1), threading.Barrier(4)
    claimed: list[str] = []

    def send() -> None:
        barrier.wait()
        while ids := [each.id for each in claim(now, 10)]:
            claimed.extend(ids)
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(claimed) == sorted(made)
