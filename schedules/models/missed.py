"""MissedFiring: fire times that will never get a run of their own, and why. A long gap is one record."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from schedules.expressions.instants import for_people
from schedules.models.schedule import Schedule


class MissedReason(models.TextChoices):
    """Why a fire time has no run."""

    COALESCED = "coalesced", "Noticed late, together with a newer fire time that got the run"
    REPLACED = "replaced", "The cadence was changed before it was fired"
    PAUSED = "paused", "The schedule was paused before it was fired"
    DELETED = "deleted", "The schedule was deleted before it was fired"


class MissedFiring(models.Model):
    """`count` consecutive fire times of one generation, from the first to the last, both included."""

    schedule = models.ForeignKey(
        Schedule,
        on_delete=models.CASCADE,
        related_name="missed_firings",
        db_index=False,
        db_constraint=False,  # as of a run
    )
    generation = models.PositiveBigIntegerField()
    first_fire_time = models.DateTimeField()
    last_fire_time = models.DateTimeField()
    count = models.PositiveIntegerField()
    reason = models.CharField(max_length=20, choices=MissedReason.choices)
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["schedule", "generation", "first_fire_time"], name="missed_firing_recorded_once"
            ),
            models.CheckConstraint(
                condition=Q(count__gte=1, last_fire_time__gte=F("first_fire_time")),
                name="missed_firing_counts",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["recorded_at"], name="missed_recently")]

    def __str__(self) -> str:
        return f"{self.count} × {self.reason} from {for_people(self.first_fire_time)}"
