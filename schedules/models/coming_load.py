"""ComingLoad: what the cadences in force will ask for in the coming week, as a beat has worked it out."""

import uuid
from typing import Final

from django.db import models

EVERYWHERE: Final = uuid.UUID(int=0)
"""Stands for all workspaces together."""


class ComingLoad(models.Model):
    """One row a workspace, and one of all together."""

    workspace_id = models.UUIDField(primary_key=True)
    first_hour = models.DateTimeField(help_text="When the first of the counted hours begins")
    hours = models.JSONField(default=list, help_text="How often schedules fire in each hour")
    herds = models.JSONField(
        default=dict,
        help_text="By the hour's place: the second in it at which most fire, and how many, where they are many",
    )
    cadences = models.JSONField(
        default=list, help_text="What was counted: type, expression, the hour's next fire time, schedules"
    )
    partly_count = models.BigIntegerField(
        db_default=0, help_text="Schedules with rare cadences, of which only the next fire time is counted"
    )
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{sum(self.hours):,} fire times from {self.first_hour:%Y-%m-%d %H}"
