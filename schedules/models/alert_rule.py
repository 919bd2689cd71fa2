"""AlertRule: where a workspace, an agent or a schedule departs from the rules that hold by default."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from schedules.database.ulids import new_ulid
from schedules.models.agent import Agent
from schedules.models.schedule import Schedule
from schedules.models.workspace import Workspace

MOST_COUNTED = 100
"""The highest threshold: so many failures of a schedule are remembered."""


class AlertRule(models.Model):
    """One rule for one workspace, or, with an agent or a schedule of it, for that alone. None: as by default."""

    id = models.CharField(primary_key=True, max_length=26, default=new_ulid, editable=False)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="alert_rules", db_index=False
    )
    agent = models.ForeignKey(
        Agent, on_delete=models.CASCADE, related_name="alert_rules", null=True, blank=True, db_index=False
    )
    schedule = models.ForeignKey(
        Schedule, on_delete=models.CASCADE, related_name="alert_rules", null=True, blank=True, db_index=False
    )
    rule = models.CharField(max_length=40)
    is_enabled = models.BooleanField(null=True, blank=True, help_text="Empty: as the level above")
    threshold = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="Empty: as the level above"
    )
    window_seconds = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(60), MaxValueValidator(7 * 86_400)],
        help_text="Empty: as the level above",
    )

    class Meta:
        ordering = ["rule", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "rule"],
                condition=Q(agent=None, schedule=None),
                name="alert_rule_of_workspace",
            ),
            models.UniqueConstraint(
                fields=["agent", "rule"], condition=Q(agent__isnull=False), name="alert_rule_of_agent"
            ),
            models.UniqueConstraint(
                fields=["schedule", "rule"],
                condition=Q(schedule__isnull=False),
                name="alert_rule_of_schedule",
            ),
            models.CheckConstraint(
                condition=Q(agent__isnull=True) | Q(schedule__isnull=True), name="alert_rule_of_one"
            ),
        ]

    def __str__(self) -> str:
        return self.rule
