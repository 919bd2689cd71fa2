"""Webhook: an endpoint of a workspace that is told of its alerts: a URL, mail addresses, Slack or PagerDuty."""

from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from django.db import models
from django.db.models import Q

from schedules.database.clock import estimated_now
from schedules.database.ulids import new_ulid
from schedules.models.workspace import Workspace

DISPLAY_NAME_LENGTH: Final = 100
TARGET_LENGTH: Final = 1000


class Channel(models.TextChoices):
    """How an endpoint is told."""

    WEBHOOK = "webhook", "Webhook"
    EMAIL = "email", "E-mail"
    SLACK = "slack", "Slack"
    PAGERDUTY = "pagerduty", "PagerDuty"


SECRET_TARGETS: Final = frozenset({Channel.SLACK, Channel.PAGERDUTY})
"""Channels whose target lets whoever knows it speak there: it is sealed, and shown in part or not at all."""


class DisabledReason(models.TextChoices):
    """Why nothing is sent to an endpoint."""

    BY_HAND = "by_hand", "switched off by somebody"
    GONE = "gone", "it answered HTTP 410"
    DEAD_LETTERS = "dead_letters", "ten messages in a row could not be delivered"


class WebhookQuerySet(models.QuerySet["Webhook"]):
    """Endpoints by whose they are."""

    def of_workspace(self, workspace_id: UUID) -> "WebhookQuerySet":
        """Those of a workspace."""
        return self.filter(workspace=workspace_id)

    def enabled(self) -> "WebhookQuerySet":
        """Those that are told."""
        return self.filter(is_enabled=True)


class Webhook(models.Model):
    """One endpoint. Nothing that is secret in it is stored in clear."""

    id = models.CharField(primary_key=True, max_length=26, default=new_ulid, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="webhooks")
    display_name = models.CharField(max_length=DISPLAY_NAME_LENGTH)
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.WEBHOOK)
    target = models.CharField(
        max_length=TARGET_LENGTH,
        help_text="As it may be shown: a URL, mail addresses with commas between, or what is left of a secret",
    )
    sealed_target = models.TextField(default="", blank=True, editable=False, help_text="Where it is a secret")
    rules = models.JSONField(default=list, blank=True, help_text="What it is told of; none: everything")
    sealed_signing_secrets = models.JSONField(
        default=list, blank=True, editable=False, help_text="The newest first; two during a rotation"
    )
    old_secret_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Until when the older one signs as well"
    )
    is_enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(
        max_length=20, choices=DisabledReason.choices, default="", blank=True, editable=False
    )
    dead_count = models.PositiveIntegerField(default=0, editable=False, help_text="Dead letters in a row")
    failing_since = models.DateTimeField(
        null=True, editable=False, help_text="When the first of them was tried first"
    )
    created_at = models.DateTimeField(default=estimated_now, editable=False)
    created_by_id = models.CharField(max_length=40, default="", blank=True, editable=False)
    updated_at = models.DateTimeField(default=estimated_now, editable=False)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(is_enabled=True, disabled_reason="")
                | Q(is_enabled=False) & ~Q(disabled_reason=""),
                name="webhook_disabled_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    def signing_secret_count(self, now: datetime) -> int:
        """How many secrets sign what is sent now."""
        is_rotating = self.old_secret_until is not None and self.old_secret_until > now
        return len(self.sealed_signing_secrets[: 2 if is_rotating else 1])
