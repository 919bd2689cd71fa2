"""People make, change, test and delete endpoints; each act has its line in the journal."""

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from schedules import journal
from schedules.database.ulids import is_ulid
from schedules.deliveries import outbox
from schedules.deliveries.alert import RULES, TEST_TYPE, Alert
from schedules.deliveries.targets import target_of
from schedules.errors import InvalidRequest, QuotaExceeded, WebhookDisabled, WebhookNotFound
from schedules.models import Channel, Delivery, DisabledReason, Webhook, Workspace
from schedules.models.webhook import DISPLAY_NAME_LENGTH
from schedules.secrets.sealing import seal

MOST_ENDPOINTS: Final = 100
"""Of a workspace: each of its alerts goes to all of them."""

OVERLAP: Final = timedelta(days=7)
"""How long the secret before the newest one signs as well."""

_RECORDED: Final = ("display_name", "channel", "target", "rules", "is_enabled")


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """What somebody wants told where."""

    display_name: str
    channel: str
    target: str = field(repr=False)
    rules: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class IssuedSecret:
    """An endpoint and its newest signing secret, which nobody can show again; empty where nothing is signed."""

    webhook: Webhook
    secret: str = field(repr=False)


def find(workspace: Workspace, webhook_id: str) -> Webhook:
    """One of the workspace's endpoints; WebhookNotFound."""
    rows = Webhook.objects.of_workspace(workspace.pk)
    webhook = rows.filter(id=webhook_id).first() if is_ulid(webhook_id) else None
    if webhook is None:
        raise WebhookNotFound
    return webhook


@transaction.atomic
def create(workspace: Workspace, new: NewWebhook, created_by: str, now: datetime) -> IssuedSecret:
    """A new endpoint; InvalidRequest, QuotaExceeded."""
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    require_room(workspace)
    require_mail_server(new.channel)
    target = target_of(new.channel, new.target)
    secret = _new_secret() if new.channel == Channel.WEBHOOK else ""
    webhook = Webhook.objects.create(
        workspace=workspace,
        display_name=checked_name(new.display_name),
        channel=new.channel,
        target=target.shown,
        sealed_target=target.sealed,
        rules=checked_rules(new.rules),
        sealed_signing_secrets=[seal(secret)] if secret else [],
        created_by_id=created_by,
        created_at=now,
        updated_at=now,
    )
    journal.record("create", webhook, journal.first_values(_facts(webhook)))
    return IssuedSecret(webhook, secret)


@transaction.atomic
def change(webhook: Webhook, changes: Mapping[str, Any], now: datetime) -> Webhook:
    """Change `display_name`, `target`, `rules` or `is_enabled`; a target sent back as it is shown stays as it is."""
    locked = _locked(webhook)
    before, sealed = _facts(locked), locked.sealed_target
    if "display_name" in changes:
        locked.display_name = checked_name(changes["display_name"])
    if "rules" in changes:
        locked.rules = checked_rules(changes["rules"])
    if changes.get("target", locked.target) != locked.target:
        locked.target, locked.sealed_target = target_of(locked.channel, changes["target"])
    if "is_enabled" in changes:
        _switch(locked, changes["is_enabled"])
    locked.updated_at = now
    locked.save()
    changed = journal.difference(before, _facts(locked))
    if sealed != locked.sealed_target:
        changed |= {"target": journal.CHANGED}
    if changed:
        journal.record("update", locked, changed)
    return locked


@transaction.atomic
def delete(webhook: Webhook) -> None:
    """It goes, and its messages with it."""
    journal.record("delete", webhook)
    webhook.delete()


@transaction.atomic
def rotate_secret(webhook: Webhook, now: datetime) -> IssuedSecret:
    """A new signing secret; for OVERLAP the one before it signs as well. InvalidRequest where nothing is signed."""
    locked = _locked(webhook)
    if locked.channel != Channel.WEBHOOK:
        raise InvalidRequest("Only webhooks are signed; this endpoint has no signing secret")
    secret = _new_secret()
    locked.sealed_signing_secrets = [seal(secret), *locked.sealed_signing_secrets[:1]]
    locked.old_secret_until, locked.updated_at = now + OVERLAP, now
    locked.save(update_fields=["sealed_signing_secrets", "old_secret_until", "updated_at"])
    journal.record("update", locked, {"signing_secret": journal.CHANGED})
    return IssuedSecret(locked, secret)


@transaction.atomic
def send_test(webhook: Webhook, now: datetime) -> Delivery:
    """A message that is sent once, so that somebody can see whether it arrives; WebhookDisabled."""
    if not webhook.is_enabled:
        raise WebhookDisabled
    alert = Alert(
        type=TEST_TYPE,
        workspace_id=webhook.workspace_id,
        incident_id="",
        created_at=now,
        severity="info",
        summary=f"This is a test of the endpoint {webhook.display_name}",
        data={"webhook_id": webhook.id, "display_name": webhook.display_name},
    )
    delivery = outbox.message(alert, webhook)
    delivery.save(force_insert=True)
    journal.record("test", webhook)
    return delivery


def checked_name(name: str) -> str:
    """A name for people; InvalidRequest."""
    if not name.strip() or len(name) > DISPLAY_NAME_LENGTH or not name.isprintable():
        raise InvalidRequest(
            f"display_name must be one line of 1 to {DISPLAY_NAME_LENGTH} characters", param="display_name"
        )
    return name


def checked_rules(rules: Sequence[str]) -> list[str]:
    """Each once, in one order; InvalidRequest for a rule there is not."""
    if unknown := set(rules) - set(RULES):
        raise InvalidRequest(
            f"There is no rule {min(unknown)[:60]!r}; there are {', '.join(RULES)}", param="rules"
        )
    return [rule for rule in RULES if rule in rules]


def require_room(workspace: Workspace) -> None:
    """QuotaExceeded when the workspace has all the endpoints that it may have."""
    if Webhook.objects.of_workspace(workspace.pk).count() >= MOST_ENDPOINTS:
        raise QuotaExceeded(f"A workspace has at most {MOST_ENDPOINTS} endpoints; delete one first")


def require_mail_server(channel: str) -> None:
    """InvalidRequest for e-mail where there is no server to send it."""
    if channel == Channel.EMAIL and not settings.ORQ.sends_mail:
        raise InvalidRequest("No mail server is set: ORQ_EMAIL_URL of the service", param="channel")


def _switch(webhook: Webhook, is_enabled: bool) -> None:
    """Whoever switches it on again wants to see it fail anew before it goes off."""
    if is_enabled == webhook.is_enabled:
        return
    webhook.is_enabled = is_enabled
    webhook.disabled_reason = "" if is_enabled else DisabledReason.BY_HAND
    webhook.dead_count, webhook.failing_since = 0, None


def _locked(webhook: Webhook) -> Webhook:
    locked = Webhook.objects.select_for_update().filter(pk=webhook.pk).first()
    if locked is None:
        raise WebhookNotFound
    return locked


def _facts(webhook: Webhook) -> dict[str, Any]:
    return {name: getattr(webhook, name) for name in _RECORDED}


def _new_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
