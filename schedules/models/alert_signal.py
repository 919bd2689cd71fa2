"""What alerts go by: an AlertSignal for each ended run that may matter, and how each ill schedule fares.

Triggers of the database write the signals, in the transaction that ends the run or records the missed fire times
(`migrations/initial/signal_triggers.py`, `alerts/triggers_sqlite.py`): none is lost, and none is of anything that did
not happen. A success is written only where something may end with it. Beats judge them, and delete what they have
judged.
"""

from typing import ClassVar, Final

from django.db import models
from django.db.models import Q

LATE_FROM: Final = 60_000
"""Milliseconds; a run that started less late than this gives no signal of it."""


class SignalKind(models.TextChoices):
    """What has happened."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    MISSED = "missed"


class AlertSignal(models.Model):
    """One ended run, or fire times that were missed and that no person had stopped. No foreign keys, as a tally."""

    kind = models.CharField(max_length=10, choices=SignalKind.choices)
    workspace_id = models.UUIDField()
    agent_id = models.CharField(max_length=26)
    schedule_id = models.CharField(max_length=26)
    run_id = models.CharField(max_length=26, db_default="")
    code = models.CharField(max_length=100, db_default="", help_text="Of a failure")
    http_status = models.PositiveSmallIntegerField(null=True, help_text="Of the reply that was the failure")
    trigger = models.CharField(max_length=10, help_text="cadence, late, manual or again")
    due_at = models.DateTimeField(help_text="Of missed fire times: the last")
    first_due_at = models.DateTimeField(null=True, help_text="Of missed fire times: the first")
    count = models.PositiveIntegerField(db_default=1, help_text="Of missed fire times: how many")
    lateness = models.BigIntegerField(null=True, help_text="Of a run that started, in milliseconds")
    at = models.DateTimeField(help_text="When it happened")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["schedule_id"], name="alert_signal_of_schedule")]

    def __str__(self) -> str:
        return f"{self.kind} {self.schedule_id}"


class ScheduleHealth(models.Model):
    """How a schedule has fared lately that is, or was, ill; of a well one there is no row.

    Runs that a person asked for are not counted; where one succeeds, the row of failures ends all the same.
    """

    schedule_id = models.CharField(primary_key=True, max_length=26)
    workspace_id = models.UUIDField()
    agent_id = models.CharField(max_length=26)
    failure_count = models.PositiveIntegerField(default=0, db_default=0, help_text="In a row, up to now")
    hopeless_count = models.PositiveIntegerField(
        default=0, db_default=0, help_text="In a row, up to now, with codes that repeating cannot mend"
    )
    failed_at = models.DateTimeField(null=True, help_text="When the last one failed")
    code = models.CharField(max_length=100, default="", db_default="", help_text="Of the last one")
    recent_failures = models.JSONField(default=list, help_text="When runs failed, as seconds since 1970")
    updated_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["agent_id", "code", "failed_at"],
                condition=Q(failure_count__gt=0),
                name="schedule_failing_of_agent",
            ),
            models.Index(fields=["updated_at"], name="schedule_health_updated"),
        ]

    def __str__(self) -> str:
        return f"{self.failure_count} × {self.code}"
