"""Membership: what a person may do in a workspace of the console. Superusers may do everything and need none."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from schedules.database.clock import estimated_now
from schedules.models.workspace import Workspace


class Role(models.TextChoices):
    """What a person may do; each role includes those before it."""

    VIEWER = "viewer", "Viewer"
    OPERATOR = "operator", "Operator"
    EDITOR = "editor", "Editor"
    ADMINISTRATOR = "administrator", "Administrator"

    def includes(self, other: "Role") -> bool:
        """Whether a person of this role may do what a person of the other may."""
        return _LADDER.index(self) >= _LADDER.index(other)


_LADDER = tuple(Role)


class Membership(models.Model):
    """The one role of a person in a workspace."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="memberships",
        db_index=False,  # the constraint's index is enough
    )
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)
    created_at = models.DateTimeField(default=estimated_now, editable=False)
    created_by_id = models.CharField(max_length=40, editable=False, help_text="How its giver signs")

    class Meta:
        ordering = ["workspace__name", "user__username"]
        verbose_name = "member"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "workspace"], name="membership_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.user.get_username()} in {self.workspace.name}"
