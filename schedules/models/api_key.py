"""ApiKey: who calls the API. Only the id and a SHA-256 of the secret are kept; the token is shown once."""

from django.db import models

from schedules.database.clock import estimated_now
from schedules.database.ulids import new_ulid
from schedules.models.workspace import Workspace


class Scope(models.TextChoices):
    """What a key may do; each includes those before it."""

    READ = "read", "Read only"
    TRIGGER = "trigger", "Read, and run schedules now"
    WRITE = "write", "Read and write schedules"
    ADMIN = "admin", "Everything, agents too"

    def includes(self, other: "Scope") -> bool:
        """Whether a key of this scope may do what a key of the other may."""
        return _LADDER.index(self) >= _LADDER.index(other)


_LADDER = tuple(Scope)


class ApiKey(models.Model):
    """A key of one workspace; `apk_<id>` is how its deeds are signed."""

    id = models.CharField(primary_key=True, max_length=26, default=new_ulid, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100, blank=True)
    secret_sha256 = models.CharField(max_length=64, editable=False)
    scope = models.CharField(max_length=10, choices=Scope.choices, default=Scope.WRITE)
    is_enabled = models.BooleanField(default=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    agent_ids = models.JSONField(
        null=True,
        blank=True,
        editable=False,
        help_text="The agents it is limited to; null: all, also new ones",
    )
    replaces = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="replaced_by"
    )
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_address = models.CharField(max_length=45, default="", db_default="", blank=True, editable=False)
    created_at = models.DateTimeField(default=estimated_now, editable=False)
    created_by_id = models.CharField(
        max_length=40,
        default="",
        db_default="",
        blank=True,
        editable=False,
        help_text="How its creator signs; empty: not on record",
    )

    class Meta:
        ordering = ["-id"]
        verbose_name = "API key"

    def __str__(self) -> str:
        return self.name or self.actor

    @property
    def is_working(self) -> bool:
        """Neither disabled nor revoked; whether it has expired is for who knows the time."""
        return self.is_enabled and self.revoked_at is None

    def reaches(self, agent_id: str) -> bool:
        """Whether the agent exists for it; workspaces are not its concern."""
        return self.agent_ids is None or agent_id in self.agent_ids

    def covers(self, other: "ApiKey") -> bool:
        """Whether the other may do nothing that this one may not."""
        is_theirs = self.workspace_id == other.workspace_id
        is_lower = Scope(self.scope).includes(Scope(other.scope))
        if self.agent_ids is None or not (is_theirs and is_lower):
            return is_theirs and is_lower
        return other.agent_ids is not None and set(other.agent_ids) <= set(self.agent_ids)

    @property
    def actor(self) -> str:
        """How this key signs what it did (`created_by_id`, `updated_by_id`)."""
        return f"apk_{self.id}"
