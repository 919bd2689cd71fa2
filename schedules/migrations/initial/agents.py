"""Agents: where they are, how they are called, and their versions."""

from datetime import timedelta

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import migrations, models
from django.db.models import Q

from schedules.database.clock import estimated_now
from schedules.migrations.initial.ids import auto_id, ulid

OPERATIONS = (
    migrations.CreateModel(
        "Agent",
        fields=[
            ("id", ulid()),
            (
                "key",
                models.CharField(
                    max_length=255,
                    validators=[RegexValidator("^[A-Za-z][A-Za-z0-9]*([._-][A-Za-z0-9]+)*\\Z")],
                ),
            ),
            ("runtime", models.CharField(default="responses", max_length=40)),
            (
                "base_url",
                models.URLField(
                    blank=True,
                    help_text="Where its server is, e.g. https://host; none for echo",
                    max_length=500,
                ),
            ),
            (
                "path",
                models.CharField(
                    blank=True,
                    default="/v3/router/responses",
                    help_text="OpenAI-compatible: /v1/responses; empty: the base URL is the whole address",
                    max_length=255,
                ),
            ),
            ("credential_header", models.CharField(blank=True, default="Authorization", max_length=100)),
            ("sealed_credential", models.TextField(blank=True, editable=False)),
            ("connect_timeout", models.DurationField(default=timedelta(seconds=5))),
            ("read_timeout", models.DurationField(default=timedelta(seconds=300))),
            ("total_timeout", models.DurationField(default=timedelta(seconds=900))),
            ("max_response_bytes", models.PositiveIntegerField(default=1048576)),
            (
                "max_attempts",
                models.PositiveSmallIntegerField(
                    default=5, validators=[MinValueValidator(1), MaxValueValidator(100)]
                ),
            ),
            (
                "retry_base",
                models.DurationField(
                    default=timedelta(seconds=10), help_text="Wait before the second attempt"
                ),
            ),
            (
                "retry_cap",
                models.DurationField(
                    default=timedelta(seconds=900), help_text="Longest wait between attempts"
                ),
            ),
            ("created_at", models.DateTimeField(default=estimated_now, editable=False)),
            ("updated_at", models.DateTimeField(auto_now=True)),
            (
                "workspace",
                models.ForeignKey(on_delete=models.PROTECT, related_name="agents", to="schedules.workspace"),
            ),
            (
                "background",
                models.BooleanField(
                    db_default=False, default=False, help_text="Ask for background work, then poll"
                ),
            ),
            (
                "ca_pem",
                models.TextField(
                    blank=True, db_default="", default="", help_text="Certificates its server is trusted by"
                ),
            ),
            (
                "client_certificate_pem",
                models.TextField(blank=True, db_default="", default="", help_text="What we show its server"),
            ),
            (
                "dialect",
                models.CharField(
                    blank=True,
                    db_default="",
                    default="",
                    help_text="Empty: the runtime's default for the path",
                    max_length=40,
                ),
            ),
            (
                "extra_body",
                models.JSONField(
                    blank=True,
                    db_default=models.Value({}, models.JSONField()),
                    default=dict,
                    help_text="Merged under what we send",
                ),
            ),
            (
                "extra_headers",
                models.JSONField(
                    blank=True,
                    db_default=models.Value({}, models.JSONField()),
                    default=dict,
                    help_text="Sent beside ours; secret values are sealed",
                ),
            ),
            (
                "max_silent_attempts",
                models.PositiveSmallIntegerField(
                    db_default=1,
                    default=1,
                    help_text="Attempts of a run that may end in silence: the agent may still be at work",
                    validators=[MinValueValidator(1), MaxValueValidator(100)],
                ),
            ),
            (
                "model",
                models.CharField(
                    blank=True,
                    db_default="",
                    default="",
                    help_text="Sent as it is, {tag} in it filled in; empty: agent/<key>[@tag]",
                    max_length=255,
                ),
            ),
            (
                "provider",
                models.CharField(
                    blank=True,
                    db_default="",
                    default="",
                    help_text="Whose model it is, for traces and prices",
                    max_length=100,
                ),
            ),
            ("sealed_client_key", models.TextField(blank=True, db_default="", default="", editable=False)),
            (
                "sealed_signing_secrets",
                models.JSONField(
                    blank=True,
                    db_default=models.Value([], models.JSONField()),
                    default=list,
                    editable=False,
                    help_text="At most two, the newest first",
                ),
            ),
            (
                "stream",
                models.BooleanField(db_default=False, default=False, help_text="Ask for an event stream"),
            ),
            ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True)),
            (
                "retired_at",
                models.DateTimeField(
                    blank=True,
                    editable=False,
                    help_text="When the last schedule of a deleted agent had ended",
                    null=True,
                ),
            ),
            (
                "max_in_flight",
                models.PositiveIntegerField(
                    blank=True,
                    help_text="Calls at one time; empty: half of the workers' threads; 0: no limit",
                    null=True,
                ),
            ),
            (
                "input_price",
                models.FloatField(
                    blank=True,
                    help_text="Dollars per million input tokens, for answers that name no price; empty: not known",
                    null=True,
                    validators=[MinValueValidator(0)],
                ),
            ),
            (
                "output_price",
                models.FloatField(
                    blank=True,
                    help_text="Dollars per million output tokens",
                    null=True,
                    validators=[MinValueValidator(0)],
                ),
            ),
        ],
        options={
            "constraints": [
                models.CheckConstraint(
                    condition=Q(
                        Q(("runtime", "responses"), _negated=True),
                        Q(("base_url", ""), _negated=True),
                        _connector="OR",
                    ),
                    name="agent_responses_needs_base_url",
                ),
                models.CheckConstraint(
                    condition=Q(("max_attempts__gte", 1)), name="agent_max_attempts_positive"
                ),
                models.CheckConstraint(
                    condition=Q(("max_silent_attempts__gte", 1)), name="agent_max_silent_attempts_positive"
                ),
                models.UniqueConstraint(
                    condition=Q(("deleted_at", None)),
                    fields=("workspace", "key"),
                    name="agent_live_key_unique_in_workspace",
                ),
            ],
            "indexes": [
                models.Index(
                    condition=Q(("deleted_at__isnull", False), ("retired_at", None)),
                    fields=["deleted_at"],
                    name="agent_to_retire",
                )
            ],
            "ordering": ["key"],
            "permissions": [("change_agent_origin", "Can change the origin of agents")],
        },
    ),
    migrations.CreateModel(
        "AgentVersion",
        fields=[
            ("id", auto_id()),
            ("tag", models.CharField(max_length=100)),
            ("is_active", models.BooleanField(default=False)),
            ("created_at", models.DateTimeField(default=estimated_now, editable=False)),
            (
                "agent",
                models.ForeignKey(on_delete=models.CASCADE, related_name="versions", to="schedules.agent"),
            ),
        ],
        options={
            "constraints": [
                models.UniqueConstraint(fields=("agent", "tag"), name="agent_version_tag_unique"),
                models.UniqueConstraint(
                    condition=Q(("is_active", True)), fields=("agent",), name="agent_version_one_active"
                ),
            ],
            "ordering": ["-created_at"],
        },
    ),
)
