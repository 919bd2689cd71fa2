"""Delivery: one message to one endpoint, written in the transaction of what it tells of, sent afterwards.

(id, attempt_count) is the fencing token of whoever sends it: a result counts only for the attempt it belongs to.
"""

from datetime import datetime
from typing import ClassVar, Final, Self

from django.db import models
from django.db.models import Q

from schedules.database.clock import estimated_now
from schedules.database.ulids import new_ulid
from schedules.models.webhook import Webhook
from schedules.models.workspace import Workspace

SUMMARY_LENGTH: Final = 500


class DeliveryState(models.TextChoices):
    """What became of a message so far."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


ATTEMPT_OUTCOMES: Final = ("delivered", "failed", "dead")
"""What is counted: `failed` is an attempt that another one follows, `dead` the end of a message undelivered."""


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Deliveries by what is to be done with them."""

    def due(self, now: datetime) -> Self:
        """To be sent now: their time has come, or whoever sent them has not come back."""
        return self.filter(state=DeliveryState.PENDING, next_attempt_at__lte=now)


class Delivery(models.Model):
    """A message; its id is the `webhook-id` that stays the same over all attempts and replays.

    Without a `webhook` it goes by mail to the administrators of the workspace.
    """

    id = models.CharField(primary_key=True, max_length=26, default=new_ulid, editable=False)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    webhook = models.ForeignKey(
        Webhook, on_delete=models.CASCADE, related_name="deliveries", null=True, db_index=False
    )
    channel = models.CharField(max_length=10)
    type = models.CharField(max_length=60, help_text="Such as agent.outage.opened")
    severity = models.CharField(max_length=10)
    summary = models.CharField(max_length=SUMMARY_LENGTH, help_text="One sentence for people")
    incident_id = models.CharField(max_length=26, default="", blank=True)
    is_end = models.BooleanField(default=False, help_text="Whether it tells of an incident's end")
    body = models.TextField(help_text="JSON, as a webhook gets it, to the byte")
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.PENDING)
    attempt_count = models.PositiveIntegerField(default=0)
    first_attempt = models.PositiveIntegerField(
        default=1, help_text="The attempt that its retries are counted from: a replay begins anew"
    )
    next_attempt_at = models.DateTimeField(
        help_text="When it is sent next; while it is on its way, when its sender is given up"
    )
    last_attempt_at = models.DateTimeField(null=True)
    tried_since = models.DateTimeField(null=True, help_text="When its first attempt began")
    last_status = models.PositiveIntegerField(null=True, help_text="HTTP status of the last answer")
    last_error = models.CharField(max_length=40, default="", blank=True, help_text="Code of the last failure")
    last_message = models.CharField(max_length=500, default="", blank=True)
    ended_at = models.DateTimeField(null=True, help_text="When it was delivered, or given up")
    created_at = models.DateTimeField(default=estimated_now)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        indexes: ClassVar = [
            models.Index(
                fields=["next_attempt_at", "webhook"], condition=Q(state="pending"), name="delivery_due"
            ),
            models.Index(fields=["workspace", "-id"], name="delivery_of_workspace"),
            models.Index(fields=["webhook", "state", "-id"], name="delivery_of_webhook"),
            models.Index(fields=["workspace", "-id"], condition=Q(state="dead"), name="delivery_dead"),
            models.Index(fields=["ended_at"], condition=~Q(state="pending"), name="delivery_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"

    @property
    def attempt(self) -> int:
        """Which attempt it is at since it was made, or replayed."""
        return self.attempt_count - self.first_attempt + 1


class DeliveryCount(models.Model):
    """How many attempts of a channel came to an outcome, ever: written in the transaction of each."""

    channel = models.CharField(max_length=10)
    outcome = models.CharField(max_length=10)
    count = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["channel", "outcome"], name="delivery_count_once"),
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.outcome}"
