"""Incident: something is wrong with one schedule, agent, key or workspace, from when to when, and who was told."""

from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from schedules.database.ulids import new_ulid
from schedules.models.workspace import Workspace


class Subject(models.TextChoices):
    """What an incident is about."""

    SCHEDULE = "schedule"
    AGENT = "agent"
    KEY = "apikey"
    WORKSPACE = "workspace"


class AlertEvent(models.TextChoices):
    """What there is to tell of an incident."""

    OPENED = "opened"
    CHANGED = "changed", "its cause is another one now"
    REMINDER = "reminder", "it is still open"
    RECOVERED = "recovered"
    ABSORBED = "absorbed", "it is a part of a wider one"


class IncidentQuerySet(models.QuerySet["Incident"]):
    """Incidents by what is to be done about them."""

    def open(self) -> Self:
        """Still wrong."""
        return self.filter(closed_at=None)

    def of_workspace(self, workspace_id: UUID) -> Self:
        """Those of one workspace."""
        return self.filter(workspace=workspace_id)


class Incident(models.Model):
    """One at most is open of a workspace, a rule and a subject; what it is about outlives its subject.

    `signature` is the cause in one word, mostly an error code: another cause is told at once. `tell_at` is when the
    next message about it leaves, None: nothing is to be told.
    """

    id = models.CharField(primary_key=True, max_length=26, default=new_ulid, editable=False)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="incidents", db_index=False
    )
    rule = models.CharField(max_length=40)
    subject = models.CharField(max_length=10, choices=Subject.choices)
    subject_id = models.CharField(max_length=40)
    subject_name = models.CharField(max_length=255, blank=True, default="", db_default="")
    agent_id = models.CharField(
        max_length=26, blank=True, default="", db_default="", help_text="The agent it is about, if any"
    )
    signature = models.CharField(max_length=100, blank=True, default="", db_default="")
    facts = models.JSONField(
        default=dict, help_text="What is known of it: counts and ids, never an agent's text"
    )
    count = models.PositiveBigIntegerField(default=1, db_default=1, help_text="How often it was seen")
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="When it was last seen")
    closed_at = models.DateTimeField(null=True, blank=True)
    absorbed_by = models.CharField(
        max_length=26,
        blank=True,
        default="",
        db_default="",
        help_text="The wider incident it is a part of; nothing more is told of this one",
    )
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by_id = models.CharField(max_length=40, blank=True, default="", db_default="")
    acknowledged_by_name = models.CharField(max_length=150, blank=True, default="", db_default="")
    note = models.CharField(max_length=500, blank=True, default="", db_default="")
    told_at = models.DateTimeField(null=True, blank=True, help_text="When the last message about it left")
    tell_at = models.DateTimeField(null=True, blank=True)
    telling = models.CharField(
        max_length=10, choices=AlertEvent.choices, blank=True, default="", db_default=""
    )

    objects = IncidentQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "rule", "subject", "subject_id"],
                condition=Q(closed_at=None),
                name="incident_one_open",
            ),
        ]
        indexes: ClassVar = [
            models.Index(F("workspace"), F("id").desc(), name="incident_of_workspace"),
            models.Index(F("subject_id"), F("id").desc(), name="incident_of_subject"),
            models.Index(
                fields=["agent_id", "rule"], condition=Q(closed_at=None), name="incident_open_of_agent"
            ),
            models.Index(fields=["tell_at"], condition=Q(tell_at__isnull=False), name="incident_to_tell"),
            models.Index(fields=["closed_at"], name="incident_closed"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} of {self.subject_name or self.subject_id}"

    @property
    def is_open(self) -> bool:
        """Whether it is still wrong."""
        return self.closed_at is None

    @property
    def state(self) -> str:
        """open, acknowledged or closed."""
        if self.closed_at is not None:
            return "closed"
        return "acknowledged" if self.acknowledged_at is not None else "open"


class Digest(models.Model):
    """When a workspace was last told of many incidents in one message: for a minute there is no second one."""

    workspace = models.OneToOneField(
        Workspace, on_delete=models.CASCADE, primary_key=True, related_name="digest"
    )
    sent_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"digest of {self.workspace_id}"
