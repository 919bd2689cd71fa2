"""RunAttempt: an attempt of a run that was not its last. The last one is the run itself."""

from typing import ClassVar, Final

from django.db import models

from schedules.models.run import RESPONSE_ID_LENGTH, Run

WORKER_LOST: Final = "worker_lost"
"""The code of an attempt whose worker lost its lease."""


WORKER_STOPPED: Final = "worker_stopped"
"""The code of an attempt that its worker handed back, because it was asked to end."""


class AttemptOutcome(models.TextChoices):
    """How an attempt that was followed by another one ended."""

    FAILED = "failed"
    LOST = "lost", "Lost: its worker stopped renewing the lease"
    STOPPED = "stopped", "Stopped: its worker was asked to end"


class RunAttempt(models.Model):
    """What came of one earlier attempt."""

    run = models.ForeignKey(
        Run,
        # Retention deletes them by itself: Django would read whole runs to do it.
        on_delete=models.DO_NOTHING,
        related_name="attempts",
        db_index=False,  # the constraint's index is enough
        db_constraint=False,
    )
    number = models.PositiveIntegerField(help_text="From 1")
    worker = models.CharField(max_length=255, blank=True, default="", db_default="")
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=AttemptOutcome.choices)
    error_code = models.CharField(max_length=100, blank=True, default="", db_default="")
    error_message = models.TextField(blank=True, default="", db_default="")
    response_id = models.CharField(max_length=RESPONSE_ID_LENGTH, blank=True, default="", db_default="")
    trace_id = models.CharField(max_length=64, blank=True, default="", db_default="")

    class Meta:
        ordering = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "number"], name="run_attempt_once"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.number}"
