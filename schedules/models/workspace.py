"""Workspace: the wall between tenants. Everything belongs to exactly one."""

import uuid

from django.db import models

from schedules.database.clock import estimated_now


class Workspace(models.Model):
    """A tenant; its id is the `workspace_id` clients see."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100, unique=True)
    max_in_flight = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Calls at one time; empty: three quarters of the workers' threads; 0: no limit",
    )
    created_at = models.DateTimeField(default=estimated_now, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
