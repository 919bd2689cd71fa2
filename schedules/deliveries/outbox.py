"""The outbox: what is to be told is written in the transaction of what it tells of, and sent afterwards.

So nothing is told that was rolled back, and nothing that was committed stays untold.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from schedules.database.ulids import new_ulid
from schedules.deliveries.alert import Alert
from schedules.expressions.instants import rfc3339
from schedules.models import Channel, Delivery, Webhook
from schedules.models.delivery import SUMMARY_LENGTH

MOST_BODY_BYTES: Final = 20_000
LONGEST_VALUE: Final = 300
"""Characters of a value, as JSON, that stays when a body would be too large."""


def put(alerts: Sequence[Alert], *, only: Channel | None = None, without: Channel | None = None) -> int:
    """A message for each enabled endpoint of an alert's workspace that subscribes to it; how many.

    `only`, `without`: of this channel, of all others. In the caller's transaction; two statements, however many
    alerts there are.
    """
    endpoints = _endpoints({alert.workspace_id for alert in alerts})
    deliveries = [
        message(alert, webhook)
        for alert in alerts
        for webhook in endpoints[alert.workspace_id]
        if subscribes(webhook, alert)
        and webhook.channel in (only or webhook.channel,)
        and webhook.channel != without
    ]
    Delivery.objects.bulk_create(deliveries)
    return len(deliveries)


def subscribes(webhook: Webhook, alert: Alert) -> bool:
    """Whether the endpoint is told of it: it names no rules, or this one, or the alert is for everybody.

    PagerDuty wakes somebody: what is no incident is not for it.
    """
    if webhook.channel == Channel.PAGERDUTY and not alert.incident_id:
        return False
    return not webhook.rules or not alert.rule or alert.rule in webhook.rules


def message(alert: Alert, webhook: Webhook | None) -> Delivery:
    """The alert to one endpoint (None: by mail to the workspace's administrators), due at once, not yet stored."""
    return Delivery(
        id=new_ulid(),
        workspace_id=alert.workspace_id,
        webhook=webhook,
        channel=webhook.channel if webhook else Channel.EMAIL,
        type=alert.type,
        severity=alert.severity,
        summary=alert.summary[:SUMMARY_LENGTH],
        incident_id=alert.incident_id,
        is_end=alert.ends,
        body=_body(alert),
        next_attempt_at=alert.created_at,
        created_at=alert.created_at,
    )


def _endpoints(workspace_ids: Iterable[UUID]) -> dict[UUID, list[Webhook]]:
    found: dict[UUID, list[Webhook]] = defaultdict(list)
    for webhook in Webhook.objects.enabled().filter(workspace__in=workspace_ids).order_by("id"):
        found[webhook.workspace_id].append(webhook)
    return found


def _body(alert: Alert) -> str:
    body = _as_json(alert, alert.data)
    return body if len(body) < MOST_BODY_BYTES else _as_json(alert, _shortened(alert.data))


def _as_json(alert: Alert, data: dict[str, object]) -> str:
    """ASCII, so that a character is a byte."""
    document = {"type": alert.type, "timestamp": rfc3339(alert.created_at), "data": data}
    return json.dumps(document, separators=(",", ":"))


def _shortened(data: dict[str, object]) -> dict[str, Any]:
    """Its small members, as many as have room; it says that it is not whole."""
    room, kept = MOST_BODY_BYTES - 1000, {}
    for name, value in data.items():
        size = len(json.dumps({name: value}))
        if size <= LONGEST_VALUE and size <= room:
            kept[name], room = value, room - size
    return kept | {"is_shortened": True}
