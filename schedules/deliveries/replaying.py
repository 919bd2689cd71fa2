"""People have messages sent again: one, a selection, or all that a filter finds. The ids stay the same."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from schedules import journal
from schedules.database.ulids import is_ulid
from schedules.errors import DeliveryNotFound, DeliveryNotReplayable
from schedules.models import Delivery, DeliveryState, Workspace

BATCH: Final = 500

Deliveries = QuerySet[Delivery]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which messages of a workspace: in this state, to this endpoint, made from `since` on and before `until`."""

    state: str | None = None
    webhook_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def of(self, workspace_id: UUID) -> Deliveries:
        """Those that it finds."""
        found = {
            "state": self.state,
            "webhook": self.webhook_id,
            "created_at__gte": self.since,
            "created_at__lt": self.until,
        }
        named: dict[str, Any] = {name: value for name, value in found.items() if value is not None}
        return Delivery.objects.filter(workspace=workspace_id, **named)


def find(workspace: Workspace, delivery_id: str) -> Delivery:
    """One of the workspace's messages; DeliveryNotFound."""
    rows = Delivery.objects.filter(workspace=workspace.pk).select_related("webhook")
    delivery = rows.filter(id=delivery_id).first() if is_ulid(delivery_id) else None
    if delivery is None:
        raise DeliveryNotFound
    return delivery


@transaction.atomic
def replay(delivery: Delivery, now: datetime) -> None:
    """Send it anew; DeliveryNotReplayable while it is on its way."""
    if not _replay([delivery.id], now):
        raise DeliveryNotReplayable
    journal.record("replay", delivery)


def replay_all(found: Deliveries, workspace: Workspace, now: datetime) -> int:
    """Send all of these anew that are not on their way; how many. In batches, each with a line of its own."""
    replayable, last, count = found.exclude(state=DeliveryState.PENDING).order_by("id"), "", 0
    with journal.batch():
        while ids := list(replayable.filter(id__gt=last).values_list("id", flat=True)[:BATCH]):
            count += _replay_batch(ids, workspace, now)
            last = ids[-1]
    return count


@transaction.atomic
def _replay_batch(ids: Collection[str], workspace: Workspace, now: datetime) -> int:
    count = _replay(ids, now)
    if count:
        journal.record_act(
            "replay",
            "delivery",
            object_name=f"{count} messages",
            workspace_id=workspace.pk,
            changes={"count": {"new": count}},
        )
    return count


def _replay(ids: Collection[str], now: datetime) -> int:
    over = Delivery.objects.filter(id__in=ids).exclude(state=DeliveryState.PENDING)
    return over.update(
        state=DeliveryState.PENDING,
        next_attempt_at=now,
        first_attempt=F("attempt_count") + 1,
        tried_since=None,
        ended_at=None,
    )
