"""Which way a message goes, and how it is dressed for it."""

import json
from collections.abc import Callable
from typing import Final

from cryptography.fernet import InvalidToken
from django.conf import settings

from schedules.database.clock import estimated_now
from schedules.deliveries.outcomes import Sent
from schedules.deliveries.owners import addresses_of_owners
from schedules.models import Channel, Delivery, Webhook
from schedules.secrets.sealing import unseal
from workers.delivering import pagerduty, slack
from workers.delivering.mailing import mail
from workers.delivering.posting import post
from workers.runtimes.signing import webhook_headers

UNREADABLE: Final = Sent(error="secret_unreadable", message="no configured key opens the endpoint's secret")


def send(delivery: Delivery) -> Sent:
    """Send the message once, whichever way it goes."""
    webhook = delivery.webhook
    if webhook is None:
        return mail(delivery, addresses_of_owners(delivery.workspace_id))
    try:
        return _WAYS[webhook.channel](delivery, webhook)
    except InvalidToken:
        return UNREADABLE


def _webhook(delivery: Delivery, webhook: Webhook) -> Sent:
    body, now = delivery.body.encode(), estimated_now()
    stored = webhook.sealed_signing_secrets[: webhook.signing_secret_count(now)]
    signed = webhook_headers(delivery.id, body, [unseal(each) for each in stored], now)
    return post(webhook.target, body, signed)


def _slack(delivery: Delivery, webhook: Webhook) -> Sent:
    return post(unseal(webhook.sealed_target), _json(slack.message_of(delivery)), {})


def _pagerduty(delivery: Delivery, webhook: Webhook) -> Sent:
    event = pagerduty.event_of(delivery, unseal(webhook.sealed_target))
    return post(settings.ORQ.pagerduty_url, _json(event), {})


def _email(delivery: Delivery, webhook: Webhook) -> Sent:
    return mail(delivery, webhook.target.split(","))


def _json(document: object) -> bytes:
    return json.dumps(document).encode()


_WAYS: Final[dict[str, Callable[[Delivery, Webhook], Sent]]] = {
    Channel.WEBHOOK: _webhook,
    Channel.SLACK: _slack,
    Channel.PAGERDUTY: _pagerduty,
    Channel.EMAIL: _email,
}
