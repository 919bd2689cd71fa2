"""JournalEntry: who did what to which object, when and from where. Written once, never changed.

It refers to nothing by a foreign key: a line outlives what it is about, and costs no lock of it.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F
from django.db.models.functions import Now

from schedules.actors import ActorKind
from schedules.database.ulids import new_ulid


class JournalEntry(models.Model):
    """One act on one object. Of a manual run the line has the run's own id, of a finished schedule its last run's."""

    id = models.CharField(primary_key=True, max_length=26, default=new_ulid, editable=False)
    at = models.DateTimeField(db_default=Now(), help_text="By the database's clock")
    actor_kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in ActorKind])
    actor_id = models.CharField(max_length=40, help_text="Of the user or the API key")
    actor_name = models.CharField(max_length=150)
    address = models.CharField(max_length=45, help_text="Where it came from")
    workspace_id = models.UUIDField(null=True, help_text="None: it is about the service as a whole")
    agent_id = models.CharField(
        max_length=26, null=True, help_text="Of the agent it is about, or whose schedule or run it is"
    )
    verb = models.CharField(max_length=40)
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=40)
    object_name = models.CharField(max_length=255)
    changes = models.JSONField(help_text='By field: {"old": …, "new": …}, or "changed" for what is secret')
    generation = models.PositiveBigIntegerField(null=True, help_text="Of the schedule, if this act began it")
    revision = models.PositiveBigIntegerField(null=True, help_text="Of the schedule, which this act made")
    discarded_count = models.PositiveBigIntegerField(
        null=True, help_text="Pending runs that will not start because of this act"
    )
    batch_id = models.CharField(max_length=26, help_text="What was done at one go shares it; empty: alone")

    class Meta:
        ordering = ["-id"]
        verbose_name = "journal entry"
        verbose_name_plural = "journal entries"
        indexes: ClassVar = [
            models.Index(F("object_id"), F("id"), name="journal_of_object"),
            models.Index(F("actor_id"), F("id"), name="journal_of_actor"),
            models.Index(F("workspace_id"), F("id"), name="journal_of_workspace"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_type} {self.object_name}"
