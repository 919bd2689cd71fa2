"""Agent: whom a schedule runs, and how it is called (its runtime settings). AgentVersion: its tags, one active."""

from datetime import timedelta
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from schedules.database.ulids import new_ulid
from schedules.models.workspace import Workspace

AGENT_KEY = r"^[A-Za-z][A-Za-z0-9]*([._-][A-Za-z0-9]+)*\Z"
DEFAULT_PATH = "/v3/router/responses"


class RuntimeName(models.TextChoices):
    """What executes an agent: an adapter of workers/runtimes."""

    ECHO = "echo", "Echo (renders the input, calls nobody)"
    RESPONSES = "responses", "Responses API over HTTP"


class Agent(models.Model):
    """An agent of a workspace, known to clients by its key."""

    id = models.CharField(primary_key=True, max_length=26, default=new_ulid, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="agents")
    key = models.CharField(max_length=255, validators=[RegexValidator(AGENT_KEY)])
    runtime = models.CharField(max_length=20, choices=RuntimeName.choices, default=RuntimeName.RESPONSES)
    base_url = models.URLField(
        max_length=500, blank=True, help_text="For the responses runtime, e.g. https://host"
    )
    path = models.CharField(
        max_length=255, default=DEFAULT_PATH, help_text="OpenAI-compatible: /v1/responses"
    )
    credential_header = models.CharField(max_length=100, blank=True, default="Authorization")
    sealed_credential = models.TextField(blank=True, editable=False)
    connect_timeout = models.DurationField(default=timedelta(seconds=5))
    read_timeout = models.DurationField(default=timedelta(minutes=5))
    total_timeout = models.DurationField(default=timedelta(minutes=15))
    max_response_bytes = models.PositiveIntegerField(default=1024 * 1024)
    max_attempts = models.PositiveSmallIntegerField(
        default=5, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    retry_base = models.DurationField(
        default=timedelta(seconds=10), help_text="Wait before the second attempt"
    )
    retry_cap = models.DurationField(default=timedelta(minutes=15), help_text="Longest wait between attempts")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["key"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "key"], name="agent_key_unique_in_workspace"),
            models.CheckConstraint(
                condition=~Q(runtime=RuntimeName.RESPONSES) | ~Q(base_url=""),
                name="agent_responses_needs_base_url",
            ),
            models.CheckConstraint(condition=Q(max_attempts__gte=1), name="agent_max_attempts_positive"),
        ]

    def __str__(self) -> str:
        return self.key


class AgentVersion(models.Model):
    """A tag a schedule can pin; the active one is what an unpinned schedule means."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="versions")
    tag = models.CharField(max_length=100)
    is_active = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-created_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agent", "tag"], name="agent_version_tag_unique"),
            models.UniqueConstraint(
                fields=["agent"], condition=Q(is_active=True), name="agent_version_one_active"
            ),
        ]

    def __str__(self) -> str:
        return self.tag
