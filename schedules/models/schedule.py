"""Schedule: an agent, a cadence and a payload. A deleted one stays as a row until its run history is pruned."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from schedules.database.ulids import new_ulid
from schedules.expressions import Cadence, parse
from schedules.models.agent import Agent
from schedules.models.hold import NOTE_LENGTH
from schedules.models.workspace import Workspace

DISPLAY_NAME_LENGTH = 255
AGENT_TAG_LENGTH = 100


class ScheduleType(models.TextChoices):
    """The three forms of an expression."""

    CRON = "cron"
    INTERVAL = "interval"
    ONCE = "once"


class PauseReason(models.TextChoices):
    """Why the service pauses a schedule by itself."""

    FAILURES = "repeated_failures"


class ScheduleQuerySet(models.QuerySet["Schedule"]):
    """Schedules by what may happen to them."""

    def live(self) -> Self:
        """Not deleted."""
        return self.filter(deleted_at=None)


class Schedule(models.Model):
    """When and with what payload an agent runs."""

    id = models.CharField(primary_key=True, max_length=26, default=new_ulid, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="schedules")
    agent = models.ForeignKey(
        Agent,
        on_delete=models.PROTECT,
        related_name="schedules",
        db_index=False,  # schedule_of_agent is enough
    )
    agent_tag = models.CharField(max_length=AGENT_TAG_LENGTH, null=True, blank=True)
    display_name = models.CharField(max_length=DISPLAY_NAME_LENGTH, null=True, blank=True)
    type = models.CharField(max_length=10, choices=ScheduleType.choices)
    expression = models.CharField(max_length=1000)
    payload = models.JSONField(default=dict, help_text="Secret variables are sealed")
    is_active = models.BooleanField(default=True)
    is_finished = models.BooleanField(
        default=False, help_text="Inactive because its last fire time has fired, not because somebody said so"
    )
    generation = models.PositiveBigIntegerField(default=1)
    revision = models.PositiveBigIntegerField(
        default=1, db_default=1, help_text="Counts the edits; a firing is none"
    )
    anchor_at = models.DateTimeField(
        help_text="When this generation's cadence began; intervals count from here"
    )
    trigger_count = models.PositiveBigIntegerField(default=0)
    epoch_count = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="Cadence epochs begun, for the audit: none of them is ever deleted"
    )
    manual_count = models.PositiveBigIntegerField(
        default=0,
        db_default=0,
        help_text="Runs that people asked for: each carries the number it was given here",
    )
    pruned_manual_count = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="How many of those retention has deleted"
    )
    payload_bytes = models.PositiveIntegerField(
        null=True, blank=True, help_text="How long the stored payload is as JSON; none: not known"
    )
    last_triggered_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(
        null=True, blank=True, help_text="When somebody paused it; none where that is not on record"
    )
    paused_until = models.DateTimeField(
        null=True, blank=True, help_text="When the service resumes it; none: nobody but people do"
    )
    pause_note = models.CharField(max_length=NOTE_LENGTH, blank=True, default="", db_default="")
    pause_reason = models.CharField(
        max_length=20,
        choices=PauseReason.choices,
        blank=True,
        default="",
        db_default="",
        help_text="Why the service paused it; empty: somebody asked for it",
    )
    paused_by_id = models.CharField(max_length=40, blank=True, default="", db_default="")
    paused_by_name = models.CharField(max_length=150, blank=True, default="", db_default="")
    created_by_id = models.CharField(max_length=40)
    updated_by_id = models.CharField(max_length=40, null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = ScheduleQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(deleted_at__isnull=True) | Q(is_active=False), name="schedule_deleted_is_inactive"
            ),
            models.CheckConstraint(
                condition=Q(is_finished=False) | Q(is_active=False), name="schedule_finished_is_inactive"
            ),
            models.CheckConstraint(condition=Q(generation__gte=1), name="schedule_generation_from_one"),
        ]
        indexes: ClassVar = [
            models.Index(F("agent"), F("id").desc(), name="schedule_of_agent"),
            models.Index(
                F("workspace"), F("id").desc(), condition=Q(deleted_at=None), name="schedule_of_workspace"
            ),
            models.Index(  # all that a quota asks for is in here
                fields=["workspace", "payload_bytes"], condition=Q(deleted_at=None), name="schedule_stored"
            ),
            models.Index(  # the few of a list that people look for
                F("id").desc(), condition=Q(is_active=False), name="schedule_inactive"
            ),
            models.Index(
                F("type"), F("id").desc(), condition=~Q(type=ScheduleType.CRON), name="schedule_no_cron"
            ),
            models.Index(  # what a beat resumes
                fields=["paused_until"], condition=Q(paused_until__isnull=False), name="schedule_paused_until"
            ),
        ]

    def __str__(self) -> str:
        return self.display_name or f"{self.agent.key} {self.expression}"

    @property
    def next_fire_at(self) -> datetime | None:
        """When it fires next; None while it is not active. Reads its NextFire unless that is loaded."""
        return self.next_fire.fire_time if hasattr(self, "next_fire") else None

    @property
    def suspended_until(self) -> datetime | None:
        """Until when its due fire time waits because its cadence could not be computed."""
        return self.next_fire.suspended_until if hasattr(self, "next_fire") else None

    @property
    def is_held_back(self) -> bool:
        """Whether no beat fires it: its next fire time cannot be computed, or is none a cadence can have."""
        return self.suspended_until is not None or self.has_impossible_fire_time

    @property
    def has_impossible_fire_time(self) -> bool:
        """Whether its next fire time is none that a cadence can have."""
        return hasattr(self, "next_fire") and self.next_fire.is_impossible

    @property
    def cadence(self) -> Cadence:
        """The parsed expression, anchored where this generation began."""
        return parse(self.type, self.expression).anchored_at(self.anchor_at)
