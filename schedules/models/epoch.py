"""CadenceEpoch: which cadence a schedule had, from when until when. The ledger's left-hand side."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from schedules.expressions import Cadence, parse
from schedules.models.schedule import Schedule, ScheduleType


class EpochEnd(models.TextChoices):
    """What ended an epoch."""

    REPLACED = "replaced", "The cadence was changed"
    PAUSED = "paused", "The schedule was paused"
    DELETED = "deleted", "The schedule was deleted"


class CadenceEpoch(models.Model):
    """One generation's cadence while the schedule was active: it describes the fire times in (began_at, ended_at]."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="epochs", db_index=False)
    generation = models.PositiveBigIntegerField()
    type = models.CharField(max_length=10, choices=ScheduleType.choices)
    expression = models.CharField(max_length=1000)
    began_at = models.DateTimeField(help_text="Also the cadence's anchor")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=10, choices=EpochEnd.choices, blank=True)

    class Meta:
        ordering = ["schedule", "generation"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["schedule", "generation"], name="epoch_one_per_generation"),
            models.UniqueConstraint(
                fields=["schedule"], condition=Q(ended_at__isnull=True), name="epoch_one_open"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by="")
                | (Q(ended_at__isnull=False) & ~Q(ended_by="")),
                name="epoch_end_has_cause",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.expression} (generation {self.generation})"

    @property
    def cadence(self) -> Cadence:
        """The parsed expression, anchored where the epoch began."""
        return parse(self.type, self.expression).anchored_at(self.began_at)
