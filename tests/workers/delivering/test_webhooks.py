"""A webhook is told: signed, retried, given up, replayed, by the rules of Standard Webhooks and our own."""

from datetime import timedelta
from pathlib import Path

import pytest
from standardwebhooks import WebhookVerificationError

from schedules.database.clock import database_now
from schedules.deliveries import endpoints, outbox, replaying
from schedules.expressions.instants import rfc3339
from schedules.models import Delivery, DeliveryState, Webhook
from tests.docs.test_signature_examples import javascript_check, make_secret, python_check
from tests.schedules.deliveries.alerts import make_alert, make_delivery
from tests.workers.delivering.conftest import Make, send_due
from tests.workers.delivering.receiver import Answer, Receiver, receiving

pytestmark = pytest.mark.django_db


def test_a_message_arrives_signed_and_is_delivered(receiver: Receiver, make_endpoint: Make) -> None:
    endpoint = make_endpoint(receiver.url)
    alert = make_alert(endpoint.webhook.workspace, data={"code": "agent_unreachable", "schedules": 30})
    outbox.put([alert])

    send_due(database_now())

    document = receiver.verified(endpoint.secret)
    assert document == {
        "type": "agent.outage.opened",
        "timestamp": document["timestamp"],
        "data": {"code": "agent_unreachable", "schedules": 30},
    }
    delivery = Delivery.objects.get()
    assert receiver.ids == [delivery.id]
    assert (delivery.state, delivery.last_status, delivery.attempt_count) == (DeliveryState.DELIVERED, 204, 1)
    assert send_due(database_now() + timedelta(days=9)) == []


def test_a_dead_endpoint_is_tried_for_three_days_and_then_the_message_is_a_dead_letter(
    receiver: Receiver, make_endpoint: Make
) -> None:
    receiver.answer(Answer(503))
    endpoint = make_endpoint(receiver.url)
    delivery = make_delivery(endpoint.webhook)
    now, waits = database_now(), []

    while send_due(now):
        delivery.refresh_from_db()
        waits.append(delivery.next_attempt_at - now)
        assert send_due(delivery.next_attempt_at - timedelta(seconds=1)) == []
        now = delivery.next_attempt_at

    hours = [wait / timedelta(hours=1) for wait in waits[3:-1]]
    assert waits[:3] == [timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30)]
    assert hours == [2, 5, 10, 14, 20, 24]
    assert set(receiver.ids) == {delivery.id}
    assert len(receiver.ids) == 10
    assert (delivery.state, delivery.last_status, delivery.last_error) == (
        DeliveryState.DEAD,
        503,
        "http_error",
    )
    assert receiver.verified(endpoint.secret)["type"] == "agent.outage.opened"


def test_a_replayed_dead_letter_arrives_with_the_same_id_and_body(
    receiver: Receiver, make_endpoint: Make
) -> None:
    receiver.answer(Answer(500), Answer(204))
    endpoint = make_endpoint(receiver.url)
    delivery = make_delivery(endpoint.webhook, attempt_count=9)
    send_due(database_now())
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.DEAD

    replaying.replay(delivery, database_now())
    send_due(database_now())

    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempt, delivery.attempt_count) == (DeliveryState.DELIVERED, 1, 11)
    (first, body), (second, body_again) = receiver.requests
    assert (first["webhook-id"], body) == (second["webhook-id"], body_again)
    receiver.verified(endpoint.secret)


def test_a_receiver_that_is_gone_is_told_nothing_any_more(receiver: Receiver, make_endpoint: Make) -> None:
    receiver.answer(Answer(410))
    endpoint = make_endpoint(receiver.url)
    delivery, later = make_delivery(endpoint.webhook), database_now() + timedelta(hours=1)
    waiting = make_delivery(endpoint.webhook, created_at=later)

    send_due(database_now())

    endpoint.webhook.refresh_from_db()
    assert (endpoint.webhook.is_enabled, endpoint.webhook.disabled_reason) == (False, "gone")
    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_status) == (DeliveryState.DEAD, 410)
    assert outbox.put([make_alert(endpoint.webhook.workspace)]) == 0
    assert send_due(later) == []
    waiting.refresh_from_db()
    assert (waiting.state, waiting.last_error) == (DeliveryState.DEAD, "endpoint_off")
    assert len(receiver.requests) == 1


def test_during_a_rotation_both_secrets_verify_and_afterwards_the_new_one_only(
    receiver: Receiver, make_endpoint: Make
) -> None:
    old = make_endpoint(receiver.url)
    new = endpoints.rotate_secret(old.webhook, database_now())

    make_delivery(old.webhook)
    send_due(database_now())

    assert len(receiver.requests[0][0]["webhook-signature"].split(" ")) == 2
    receiver.verified(old.secret)
    receiver.verified(new.secret)

    Webhook.objects.update(old_secret_until=database_now() - timedelta(seconds=1))
    make_delivery(old.webhook)
    send_due(database_now())

    receiver.verified(new.secret)
    with pytest.raises(WebhookVerificationError):
        receiver.verified(old.secret)


def test_the_timestamp_is_that_of_the_attempt(receiver: Receiver, make_endpoint: Make) -> None:
    receiver.answer(Answer(500), Answer(204))
    endpoint = make_endpoint(receiver.url)
    made_at = database_now() - timedelta(days=2)
    make_delivery(endpoint.webhook, created_at=made_at)

    send_due(database_now())
    send_due(database_now() + timedelta(hours=1))

    document = receiver.verified(endpoint.secret)
    assert document["timestamp"] == rfc3339(made_at)


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_the_documented_example_accepts_a_message_and_no_other(
    receiver: Receiver, make_endpoint: Make, language: str, tmp_path: Path
) -> None:
    is_ours = python_check() if language == "python" else javascript_check(tmp_path)
    old = make_endpoint(receiver.url)
    new = endpoints.rotate_secret(old.webhook, database_now())
    make_delivery(old.webhook)
    send_due(database_now())

    headers, body = receiver.requests[0]

    assert is_ours(old.secret, headers, body)
    assert is_ours(new.secret, headers, body)
    assert not is_ours(make_secret(), headers, body)
    assert not is_ours(new.secret, headers, body + b" ")


def test_a_wish_to_be_left_alone_is_granted(receiver: Receiver, make_endpoint: Make) -> None:
    receiver.answer(Answer(429, {"Retry-After": "3600"}))
    delivery = make_delivery(make_endpoint(receiver.url).webhook)
    now = database_now()

    send_due(now)

    delivery.refresh_from_db()
    assert delivery.next_attempt_at == now + timedelta(hours=1)


def test_a_redirect_is_a_failure_and_is_not_followed(receiver: Receiver, make_endpoint: Make) -> None:
    receiver.answer(Answer(302, {"Location": "/elsewhere"}))
    delivery = make_delivery(make_endpoint(receiver.url).webhook)

    send_due(database_now())

    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_status, delivery.last_error) == (
        DeliveryState.PENDING,
        302,
        "redirect_refused",
    )
    assert len(receiver.requests) == 1


def test_an_endpoint_where_nobody_listens_is_tried_again(make_endpoint: Make) -> None:
    with receiving() as gone:
        url = gone.url
    delivery = make_delivery(make_endpoint(url).webhook)

    send_due(database_now())

    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_status, delivery.last_error) == (
        DeliveryState.PENDING,
        None,
        "unreachable",
    )


def test_a_test_is_sent_once(receiver: Receiver, make_endpoint: Make) -> None:
    receiver.answer(Answer(500))
    endpoint = make_endpoint(receiver.url)

    delivery = endpoints.send_test(endpoint.webhook, database_now())
    send_due(database_now())

    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.DEAD
    assert receiver.verified(endpoint.secret)["type"] == "webhook.test"


def test_a_large_body_is_shortened_and_says_so(receiver: Receiver, make_endpoint: Make) -> None:
    endpoint = make_endpoint(receiver.url)
    ids = [f"{number:026}" for number in range(2000)]
    make_delivery(endpoint.webhook, data={"schedules": ids, "code": "agent_timeout"})

    send_due(database_now())

    assert len(receiver.requests[0][1]) < 20_000
    assert receiver.verified(endpoint.secret)["data"] == {"code": "agent_timeout", "is_shortened": True}
