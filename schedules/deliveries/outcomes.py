"""What became of an attempt: the message is delivered, sent again later, or dead, and its endpoint judged by that.

A result counts once, and only while nobody has taken the message over since.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction

from schedules.deliveries import counting, retries, switching
from schedules.deliveries.alert import TEST_TYPE
from schedules.models import Delivery, DeliveryState, DisabledReason

log = structlog.get_logger(__name__)

GONE: Final = 410


@dataclass(frozen=True, slots=True)
class Sent:
    """What an attempt came to. `status`: of the HTTP answer, if there was one; `error`: a code, empty for success."""

    status: int | None = None
    error: str = ""
    message: str = ""
    retry_after: timedelta | None = None


def record(delivery: Delivery, sent: Sent, now: datetime, chance: float) -> bool:
    """Write down what the caller's attempt came to; False: the message is somebody else's by now."""
    again_at = _again_at(delivery, sent, now, chance)
    outcome = _outcome(sent, again_at)
    with transaction.atomic():
        if not _write(delivery, sent, again_at, now):
            return False
        _tell_endpoint(delivery, sent, outcome, now)
        counting.add(outcome, {delivery.channel: 1})
    log.info(
        "delivery.attempted",
        outcome=outcome,
        delivery_id=delivery.id,
        webhook_id=delivery.webhook_id,
        attempt=delivery.attempt,
        status=sent.status,
        error=sent.error,
    )
    return True


def _again_at(delivery: Delivery, sent: Sent, now: datetime, chance: float) -> datetime | None:
    """A test is for whoever waits for it: it is sent once."""
    if not sent.error or sent.status == GONE or delivery.type == TEST_TYPE:
        return None
    return retries.next_attempt_at(delivery.attempt, now, chance, sent.retry_after)


def _outcome(sent: Sent, again_at: datetime | None) -> str:
    if not sent.error:
        return "delivered"
    return "dead" if again_at is None else "failed"


def _write(delivery: Delivery, sent: Sent, again_at: datetime | None, now: datetime) -> bool:
    ended = DeliveryState.DEAD if sent.error else DeliveryState.DELIVERED
    is_over = again_at is None
    mine = Delivery.objects.filter(
        id=delivery.id, state=DeliveryState.PENDING, attempt_count=delivery.attempt_count
    )
    return bool(
        mine.update(
            state=ended if is_over else DeliveryState.PENDING,
            next_attempt_at=again_at or now,
            ended_at=now if is_over else None,
            last_status=sent.status,
            last_error=sent.error,
            last_message=sent.message[:500],
        )
    )


def _tell_endpoint(delivery: Delivery, sent: Sent, outcome: str, now: datetime) -> None:
    if delivery.webhook_id is None:
        return
    if outcome == "delivered":
        switching.note_delivered(delivery.webhook_id)
    elif sent.status == GONE:
        switching.switch_off(delivery.webhook_id, DisabledReason.GONE, now)
    elif outcome == "dead" and delivery.type != TEST_TYPE:
        switching.note_dead(delivery.webhook_id, delivery.tried_since or now, now)
