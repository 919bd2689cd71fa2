"""Hold: one row that fire, trigger and claim look at: nothing of an agent, of a workspace or at all goes on."""

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models import Q

from schedules.database.ulids import new_ulid
from schedules.models.agent import Agent
from schedules.models.workspace import Workspace

NOTE_LENGTH = 500


class HoldScope(models.TextChoices):
    """How much a hold stops, the least first."""

    AGENT = "agent"
    WORKSPACE = "workspace"
    EVERYTHING = "everything"


class HoldQuerySet(models.QuerySet["Hold"]):
    """Holds by what they stop, and when."""

    def in_force(self, now: datetime) -> Self:
        """Neither lifted nor over."""
        return self.filter(Q(until_at=None) | Q(until_at__gt=now), ended_at=None)

    def over(self, now: datetime) -> Self:
        """Their time is over, and that is not on record yet."""
        return self.filter(ended_at=None, until_at__lte=now)

    def of_workspace(self, workspace_id: UUID) -> Self:
        """Those that stop anything of a workspace."""
        return self.filter(Q(workspace=None) | Q(workspace=workspace_id))

    def reaching(self, workspace_id: UUID, agent_id: str) -> Self:
        """Those that stop an agent of a workspace."""
        return self.of_workspace(workspace_id).filter(Q(agent=None) | Q(agent=agent_id))


class Hold(models.Model):
    """From `began_at` (included) to its end (excluded) nothing that it reaches fires or starts.

    It leaves schedules as they are: their fire times go by and are missed. What had fired and waited for its start
    when it began never starts; `is_watched` until none of that is left.
    """

    id = models.CharField(primary_key=True, max_length=26, default=new_ulid, editable=False)
    scope = models.CharField(max_length=10, choices=HoldScope.choices)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="holds", null=True, blank=True, db_index=False
    )
    agent = models.ForeignKey(
        Agent, on_delete=models.CASCADE, related_name="holds", null=True, blank=True, db_index=False
    )
    note = models.CharField(max_length=NOTE_LENGTH, blank=True, default="", db_default="")
    until_at = models.DateTimeField(null=True, blank=True, help_text="When it ends by itself; none: never")
    began_at = models.DateTimeField()
    by_id = models.CharField(max_length=40, help_text="How whoever made it signs")
    by_name = models.CharField(max_length=150, blank=True, default="", db_default="")
    ended_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was lifted, or its time was over"
    )
    is_watched = models.BooleanField(
        default=True, db_default=True, help_text="Whether claims still look at it: also after it has ended"
    )

    objects = HoldQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agent"], condition=Q(ended_at=None, scope=HoldScope.AGENT), name="hold_one_of_agent"
            ),
            models.UniqueConstraint(
                fields=["workspace"],
                condition=Q(ended_at=None, scope=HoldScope.WORKSPACE),
                name="hold_one_of_workspace",
            ),
            models.UniqueConstraint(
                fields=["scope"],
                condition=Q(ended_at=None, scope=HoldScope.EVERYTHING),
                name="hold_one_of_everything",
            ),
            models.CheckConstraint(
                condition=Q(scope=HoldScope.AGENT, workspace__isnull=False, agent__isnull=False)
                | Q(scope=HoldScope.WORKSPACE, workspace__isnull=False, agent__isnull=True)
                | Q(scope=HoldScope.EVERYTHING, workspace__isnull=True, agent__isnull=True),
                name="hold_scope_names_its_owner",
            ),
        ]
        indexes: ClassVar = [
            # Nearly always empty, however many there have been: what each claim reads.
            models.Index(fields=["workspace", "agent"], condition=Q(is_watched=True), name="hold_watched"),
            models.Index(fields=["ended_at"], name="hold_ended"),
        ]

    def __str__(self) -> str:
        if self.agent is not None:
            return f"agent {self.agent.key}"
        return "everything" if self.workspace is None else f"workspace {self.workspace.name}"

    @property
    def over_at(self) -> datetime | None:
        """Its end, past or to come; None: nobody knows."""
        return self.ended_at or self.until_at

    def is_in_force(self, now: datetime) -> bool:
        """Whether it has neither been lifted nor is over."""
        return self.ended_at is None and (self.until_at is None or self.until_at > now)

    def reaches(self, workspace_id: UUID, agent_id: str) -> bool:
        """Whether it stops an agent of a workspace."""
        return self.workspace_id in (None, workspace_id) and self.agent_id in (None, agent_id)
