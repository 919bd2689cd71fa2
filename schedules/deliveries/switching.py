"""An endpoint that cannot be reached for days, or says that it is gone, is switched off; its owners are told."""

from datetime import datetime, timedelta
from typing import Final

import structlog

from schedules import journal
from schedules.deliveries import outbox
from schedules.deliveries.alert import Alert
from schedules.deliveries.owners import has_owner_with_address
from schedules.models import DisabledReason, Webhook

log = structlog.get_logger(__name__)

MOST_DEAD: Final = 10
"""So many in a row, …"""

FAILING_FOR: Final = timedelta(days=3)
"""… the first of them tried so long ago, and the endpoint is switched off."""

DISABLED_TYPE: Final = "webhook.disabled"


def note_delivered(webhook_id: str) -> None:
    """It can be reached: dead letters are counted anew."""
    failing = Webhook.objects.filter(id=webhook_id, dead_count__gt=0)
    if failing.exists():
        failing.update(dead_count=0, failing_since=None)


def note_dead(webhook_id: str, tried_since: datetime, now: datetime) -> None:
    """One more message in a row could not be delivered."""
    webhook = Webhook.objects.select_for_update().filter(id=webhook_id).first()
    if webhook is None:
        return
    webhook.dead_count += 1
    webhook.failing_since = min(webhook.failing_since or tried_since, tried_since)
    webhook.save(update_fields=["dead_count", "failing_since"])
    if webhook.dead_count >= MOST_DEAD and now - webhook.failing_since >= FAILING_FOR:
        switch_off(webhook_id, DisabledReason.DEAD_LETTERS, now)


def switch_off(webhook_id: str, reason: DisabledReason, now: datetime) -> None:
    """By the service: once, on record, and told to the workspace's administrators by mail."""
    enabled = Webhook.objects.enabled().filter(id=webhook_id)
    if not enabled.update(is_enabled=False, disabled_reason=reason, updated_at=now):
        return
    webhook = Webhook.objects.select_related("workspace").get(id=webhook_id)
    changes = journal.difference({"is_enabled": True}, {"is_enabled": False})
    journal.record("update", webhook, changes | journal.first_values({"disabled_reason": reason.value}))
    log.warning("webhook.disabled", webhook_id=webhook_id, reason=reason.value)
    if has_owner_with_address(webhook.workspace_id):
        outbox.message(_told(webhook, reason, now), None).save(force_insert=True)


def _told(webhook: Webhook, reason: DisabledReason, now: datetime) -> Alert:
    return Alert(
        type=DISABLED_TYPE,
        workspace_id=webhook.workspace_id,
        incident_id="",
        created_at=now,
        severity="warning",
        summary=f"The endpoint {webhook.display_name} was switched off: {reason.label}",
        data={"webhook_id": webhook.id, "display_name": webhook.display_name, "reason": reason.value},
    )
