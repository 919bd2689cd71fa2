"""Agent: whom a schedule runs, and how it is called (its runtime settings). AgentVersion: its tags, one active."""

from datetime import timedelta
from typing import ClassVar, Self

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from schedules.database.clock import estimated_now
from schedules.database.ulids import new_ulid
from schedules.models.workspace import Workspace

AGENT_KEY = r"^[A-Za-z][A-Za-z0-9]*([._-][A-Za-z0-9]+)*\Z"
DEFAULT_PATH = "/v3/router/responses"
CHANGE_ORIGIN = "change_agent_origin"
"""The permission of a console user who is no superuser to send an agent's calls elsewhere."""

EMPTY_OBJECT = models.Value({}, models.JSONField())
EMPTY_LIST = models.Value([], models.JSONField())


DEFAULT_RUNTIME = "responses"


class AgentQuerySet(models.QuerySet["Agent"]):
    """Agents by what may happen to them."""

    def live(self) -> Self:
        """Not deleted."""
        return self.filter(deleted_at=None)

    def to_retire(self) -> Self:
        """Deleted, and their schedules may not all have ended."""
        return self.filter(deleted_at__isnull=False, retired_at=None)


class Agent(models.Model):
    """An agent of a workspace, known to clients by its key. A deleted one stays as a row until its history is pruned.

    What is secret in it is sealed: the credential, header values marked so, the client key, the signing secrets.
    All of these belong to the agent's origin (scheme, host and port of its address).
    """

    id = models.CharField(primary_key=True, max_length=26, default=new_ulid, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="agents")
    key = models.CharField(max_length=255, validators=[RegexValidator(AGENT_KEY)])
    runtime = models.CharField(max_length=40, default=DEFAULT_RUNTIME)
    base_url = models.URLField(
        max_length=500, blank=True, help_text="Where its server is, e.g. https://host; none for echo"
    )
    path = models.CharField(
        max_length=255,
        blank=True,
        default=DEFAULT_PATH,
        help_text="OpenAI-compatible: /v1/responses; empty: the base URL is the whole address",
    )
    dialect = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text="Empty: the runtime's default for the path",
    )
    model = models.CharField(
        max_length=255,
        blank=True,
        default="",
        db_default="",
        help_text="Sent as it is, {tag} in it filled in; empty: agent/<key>[@tag]",
    )
    provider = models.CharField(
        max_length=100,
        blank=True,
        default="",
        db_default="",
        help_text="Whose model it is, for traces and prices",
    )
    input_price = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="Dollars per million input tokens, for answers that name no price; empty: not known",
    )
    output_price = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="Dollars per million output tokens",
    )
    extra_body = models.JSONField(
        blank=True, default=dict, db_default=EMPTY_OBJECT, help_text="Merged under what we send"
    )
    extra_headers = models.JSONField(
        blank=True,
        default=dict,
        db_default=EMPTY_OBJECT,
        help_text="Sent beside ours; secret values are sealed",
    )
    background = models.BooleanField(
        default=False, db_default=False, help_text="Ask for background work, then poll"
    )
    stream = models.BooleanField(default=False, db_default=False, help_text="Ask for an event stream")
    ca_pem = models.TextField(
        blank=True, default="", db_default="", help_text="Certificates its server is trusted by"
    )
    client_certificate_pem = models.TextField(
        blank=True, default="", db_default="", help_text="What we show its server"
    )
    sealed_client_key = models.TextField(blank=True, default="", db_default="", editable=False)
    sealed_signing_secrets = models.JSONField(
        blank=True,
        default=list,
        db_default=EMPTY_LIST,
        editable=False,
        help_text="At most two, the newest first",
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
    max_silent_attempts = models.PositiveSmallIntegerField(
        default=1,
        db_default=1,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="Attempts of a run that may end in silence: the agent may still be at work",
    )
    retry_base = models.DurationField(
        default=timedelta(seconds=10), help_text="Wait before the second attempt"
    )
    retry_cap = models.DurationField(default=timedelta(minutes=15), help_text="Longest wait between attempts")
    max_in_flight = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Calls at one time; empty: half of the workers' threads; 0: no limit",
    )
    created_at = models.DateTimeField(default=estimated_now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    retired_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the last schedule of a deleted agent had ended"
    )

    objects = AgentQuerySet.as_manager()

    class Meta:
        ordering = ["key"]
        permissions: ClassVar = [(CHANGE_ORIGIN, "Can change the origin of agents")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "key"],
                condition=Q(deleted_at=None),
                name="agent_live_key_unique_in_workspace",
            ),
            models.CheckConstraint(
                condition=~Q(runtime=DEFAULT_RUNTIME) | ~Q(base_url=""),
                name="agent_responses_needs_base_url",
            ),
            models.CheckConstraint(condition=Q(max_attempts__gte=1), name="agent_max_attempts_positive"),
            models.CheckConstraint(
                condition=Q(max_silent_attempts__gte=1), name="agent_max_silent_attempts_positive"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["deleted_at"],
                condition=Q(deleted_at__isnull=False, retired_at=None),
                name="agent_to_retire",
            ),
        ]

    def __str__(self) -> str:
        return self.key


class AgentVersion(models.Model):
    """A tag a schedule can pin; the active one is what an unpinned schedule means."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="versions")
    tag = models.CharField(max_length=100)
    is_active = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=estimated_now, editable=False)

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
