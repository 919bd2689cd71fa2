"""Runs and their earlier attempts."""

from django.db import migrations, models
from django.db.models import F, Q
from django.utils import timezone

from schedules.migrations.initial.ids import auto_id, ulid

OPERATIONS = (
    migrations.CreateModel(
        "Run",
        fields=[
            ("id", ulid()),
            ("generation", models.PositiveBigIntegerField()),
            (
                "trigger",
                models.CharField(choices=[("cadence", "Cadence"), ("manual", "Manual")], max_length=10),
            ),
            (
                "fire_time",
                models.DateTimeField(
                    blank=True, help_text="The cadence's instant; none when manual", null=True
                ),
            ),
            ("is_misfire", models.BooleanField(default=False, help_text="The fire time was noticed late")),
            (
                "state",
                models.CharField(
                    choices=[
                        ("pending", "Pending"),
                        ("running", "Running"),
                        ("succeeded", "Succeeded"),
                        ("failed", "Failed"),
                        ("cancelled", "Cancelled"),
                        ("discarded", "Discarded"),
                    ],
                    db_default="pending",
                    default="pending",
                    max_length=10,
                ),
            ),
            ("reason", models.CharField(blank=True, db_default="", default="", max_length=40)),
            ("attempt", models.PositiveIntegerField(db_default=1, default=1)),
            ("max_attempts", models.PositiveIntegerField(db_default=1, default=1)),
            ("not_before", models.DateTimeField()),
            ("created_at", models.DateTimeField(default=timezone.now)),
            ("redispatch_at", models.DateTimeField()),
            ("redispatch_count", models.PositiveIntegerField(db_default=0, default=0)),
            ("lease_expires_at", models.DateTimeField(blank=True, null=True)),
            ("worker", models.CharField(blank=True, db_default="", default="", max_length=255)),
            (
                "started_at",
                models.DateTimeField(blank=True, help_text="When the first attempt began", null=True),
            ),
            ("finished_at", models.DateTimeField(blank=True, null=True)),
            (
                "payload",
                models.JSONField(
                    blank=True, help_text="What every attempt sends; read at the first claim", null=True
                ),
            ),
            (
                "agent_tag",
                models.CharField(
                    blank=True,
                    help_text="The pinned version, or the active one at the first claim",
                    max_length=100,
                    null=True,
                ),
            ),
            ("response_id", models.CharField(blank=True, db_default="", default="", max_length=2000)),
            ("output", models.JSONField(blank=True, null=True)),
            ("output_text", models.TextField(blank=True, db_default="", default="")),
            ("usage", models.JSONField(blank=True, null=True)),
            ("error_code", models.CharField(blank=True, db_default="", default="", max_length=100)),
            ("error_message", models.TextField(blank=True, db_default="", default="")),
            ("agent_trace_id", models.CharField(blank=True, db_default="", default="", max_length=64)),
            (
                "schedule",
                models.ForeignKey(
                    db_constraint=False,
                    db_index=False,
                    on_delete=models.PROTECT,
                    related_name="runs",
                    to="schedules.schedule",
                ),
            ),
            (
                "again_of",
                models.CharField(
                    blank=True,
                    db_default="",
                    default="",
                    help_text="The ended run whose work it repeats",
                    max_length=26,
                ),
            ),
            (
                "attempt_started_at",
                models.DateTimeField(blank=True, help_text="When this attempt began", null=True),
            ),
            (
                "output_types",
                models.JSONField(
                    blank=True,
                    help_text="What kinds of items the output holds, in order of appearance",
                    null=True,
                ),
            ),
            (
                "silent_count",
                models.PositiveIntegerField(
                    db_default=0,
                    default=0,
                    help_text="Attempts that ended in silence: the agent may still be at work",
                ),
            ),
            (
                "trace_id",
                models.CharField(blank=True, db_default="", default="", help_text="Ours", max_length=64),
            ),
            (
                "agent",
                models.ForeignKey(
                    blank=True,
                    db_constraint=False,
                    db_index=False,
                    help_text="Its schedule's, kept here for whoever counts runs",
                    null=True,
                    on_delete=models.DO_NOTHING,
                    related_name="+",
                    to="schedules.agent",
                ),
            ),
            (
                "workspace",
                models.ForeignKey(
                    blank=True,
                    db_constraint=False,
                    db_index=False,
                    null=True,
                    on_delete=models.DO_NOTHING,
                    related_name="+",
                    to="schedules.workspace",
                ),
            ),
            (
                "linked_traceparent",
                models.CharField(
                    blank=True,
                    db_default="",
                    default="",
                    help_text="The span that asked for it: a request's, or an ended run's",
                    max_length=55,
                ),
            ),
            (
                "manual_number",
                models.PositiveBigIntegerField(
                    blank=True,
                    help_text="Which of its schedule's manual runs it is, from 1; none where they were not counted",
                    null=True,
                ),
            ),
            (
                "first_kept_attempt",
                models.PositiveIntegerField(
                    db_default=1, default=1, help_text="Earlier attempts than this were not kept"
                ),
            ),
            ("cached_tokens", models.BigIntegerField(blank=True, null=True)),
            ("cost", models.BigIntegerField(blank=True, help_text="In billionths of a dollar", null=True)),
            (
                "input_tokens",
                models.BigIntegerField(blank=True, help_text="As `usage` counts them", null=True),
            ),
            ("output_tokens", models.BigIntegerField(blank=True, null=True)),
            (
                "http_status",
                models.PositiveSmallIntegerField(
                    blank=True, help_text="Of the reply that the last attempt failed by", null=True
                ),
            ),
        ],
        options={
            "constraints": [
                models.UniqueConstraint(
                    condition=Q(("fire_time__isnull", False)),
                    fields=("schedule", "generation", "fire_time"),
                    name="run_one_per_fire_time",
                ),
                models.CheckConstraint(
                    condition=Q(
                        Q(("fire_time__isnull", True), ("trigger", "manual")),
                        Q(("fire_time__isnull", False), ("trigger", "cadence")),
                        _connector="OR",
                    ),
                    name="run_cadence_has_fire_time",
                ),
                models.CheckConstraint(
                    condition=Q(
                        Q(("lease_expires_at__isnull", False), ("state", "running")),
                        Q(Q(("state", "running"), _negated=True), ("lease_expires_at__isnull", True)),
                        _connector="OR",
                    ),
                    name="run_running_has_lease",
                ),
                models.CheckConstraint(condition=Q(("attempt__gte", 1)), name="run_attempt_from_one"),
            ],
            "indexes": [
                models.Index(F("schedule"), F("id").desc(), name="run_of_schedule"),
                models.Index(
                    condition=Q(("state", "running")), fields=["lease_expires_at"], name="run_leased"
                ),
                models.Index(
                    F("state"),
                    F("id").desc(),
                    condition=Q(("state__in", ("failed", "cancelled", "discarded"))),
                    name="run_unsuccessful",
                ),
                models.Index(
                    condition=Q(("is_misfire", True), ("state", "pending")),
                    fields=["schedule"],
                    name="run_late",
                ),
                models.Index(
                    condition=Q(("state", "running")), fields=["workspace", "agent"], name="run_in_flight"
                ),
                models.Index(
                    condition=Q(("fire_time__isnull", True)),
                    fields=["schedule", "generation", "manual_number"],
                    name="run_manual",
                ),
                models.Index(condition=Q(("attempt__gt", 1)), fields=["id"], name="run_tried_again"),
                models.Index(
                    condition=Q(("state", "pending")),
                    fields=["workspace", "agent", "redispatch_at"],
                    name="run_waiting",
                ),
                models.Index(
                    F("workspace"),
                    F("state"),
                    F("id").desc(),
                    condition=Q(("state__in", ("failed", "cancelled", "discarded"))),
                    name="run_unsuccessful_of_workspace",
                ),
                models.Index(
                    F("workspace"),
                    F("reason"),
                    F("id").desc(),
                    condition=Q(("reason", ""), _negated=True),
                    name="run_of_reason",
                ),
                models.Index(
                    F("agent"),
                    F("state"),
                    F("id").desc(),
                    condition=Q(("state__in", ("failed", "cancelled", "discarded"))),
                    name="run_unsuccessful_of_agent",
                ),
                models.Index(F("workspace"), F("agent"), F("id").desc(), name="run_of_agent"),
                models.Index(
                    F("again_of"),
                    F("id").desc(),
                    condition=Q(("again_of", ""), _negated=True),
                    name="run_again",
                ),
            ],
            "ordering": ["-id"],
        },
    ),
    migrations.CreateModel(
        "RunAttempt",
        fields=[
            ("id", auto_id()),
            ("number", models.PositiveIntegerField(help_text="From 1")),
            ("worker", models.CharField(blank=True, db_default="", default="", max_length=255)),
            ("started_at", models.DateTimeField(blank=True, null=True)),
            ("ended_at", models.DateTimeField()),
            (
                "outcome",
                models.CharField(
                    choices=[
                        ("failed", "Failed"),
                        ("lost", "Lost: its worker stopped renewing the lease"),
                        ("stopped", "Stopped: its worker was asked to end"),
                    ],
                    max_length=10,
                ),
            ),
            ("error_code", models.CharField(blank=True, db_default="", default="", max_length=100)),
            ("error_message", models.TextField(blank=True, db_default="", default="")),
            ("response_id", models.CharField(blank=True, db_default="", default="", max_length=2000)),
            ("trace_id", models.CharField(blank=True, db_default="", default="", max_length=64)),
            (
                "run",
                models.ForeignKey(
                    db_constraint=False,
                    db_index=False,
                    on_delete=models.DO_NOTHING,
                    related_name="attempts",
                    to="schedules.run",
                ),
            ),
        ],
        options={
            "constraints": [models.UniqueConstraint(fields=("run", "number"), name="run_attempt_once")],
            "ordering": ["number"],
        },
    ),
)
