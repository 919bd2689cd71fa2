"""Who sends a message next: due ones are taken under a lease, and come back when their sender does not.

A claim counts as an attempt. While its lease lasts nobody else takes the message. Of one incident an endpoint is told
in order: its end never before its beginning.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from django.db import transaction
from django.db.models import Exists, F, Min, OuterRef
from django.db.models.functions import Coalesce

from schedules.deliveries import counting
from schedules.models import Delivery, DeliveryState

LEASE: Final = timedelta(seconds=60)
"""Four times as long as one attempt may take."""

MOST_OF_ENDPOINT: Final = 5
"""One that is silent leaves room for the others."""

BATCH: Final = 500

ENDPOINT_OFF: Final = "endpoint_off"


def claim(
    now: datetime, limit: int, on_the_way: Mapping[str | None, int] = MappingProxyType({})
) -> list[Delivery]:
    """Up to `limit` due messages for this caller to send, and of one endpoint no more than MOST_OF_ENDPOINT.

    `on_the_way`: how many of an endpoint the caller is sending already. What is due for an endpoint that is off
    becomes a dead letter.
    """
    due = Delivery.objects.due(now)
    if limit <= 0 or not due.exists():
        return []
    _bury(now)
    busy = [each for each, count in on_the_way.items() if each and count >= MOST_OF_ENDPOINT]
    waiting = due.exclude(webhook__in=busy) if busy else due
    first = waiting.values_list("webhook").annotate(first=Min("next_attempt_at")).order_by("first")
    endpoints = [webhook_id for webhook_id, _ in first[:limit]]
    share = limit // max(1, len(endpoints))
    rooms = {each: min(share, MOST_OF_ENDPOINT - on_the_way.get(each, 0)) for each in endpoints}
    return [each for webhook_id, room in rooms.items() for each in _claim(webhook_id, now, max(0, room))]


@transaction.atomic
def _claim(webhook_id: str | None, now: datetime, limit: int) -> list[Delivery]:
    earlier = Delivery.objects.filter(
        webhook=OuterRef("webhook"),
        incident_id=OuterRef("incident_id"),
        state=DeliveryState.PENDING,
        id__lt=OuterRef("id"),
    ).exclude(incident_id="")
    rows = Delivery.objects.due(now).filter(~Exists(earlier), webhook=webhook_id)
    rows = rows.order_by("next_attempt_at", "id")
    locked = rows.select_for_update(skip_locked=True, of=("self",)).select_related("webhook")
    claimed = list(locked[:limit])
    Delivery.objects.filter(id__in=[each.id for each in claimed]).update(
        next_attempt_at=now + LEASE,
        attempt_count=F("attempt_count") + 1,
        last_attempt_at=now,
        tried_since=Coalesce("tried_since", now),
    )
    for each in claimed:
        each.attempt_count += 1
        each.tried_since = each.tried_since or now
    return claimed


def _bury(now: datetime) -> None:
    """In batches, each its own short transaction."""
    while _bury_batch(now) == BATCH:
        pass


@transaction.atomic
def _bury_batch(now: datetime) -> int:
    off = Delivery.objects.due(now).filter(webhook__is_enabled=False).order_by("id")
    locked = off.select_for_update(skip_locked=True, of=("self",)).values_list("id", "channel")
    channels = dict(locked[:BATCH])
    Delivery.objects.filter(id__in=channels).update(
        state=DeliveryState.DEAD, last_error=ENDPOINT_OFF, last_message="", last_status=None, ended_at=now
    )
    counting.add("dead", Counter(channels.values()))
    return len(channels)
