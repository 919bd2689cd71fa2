"""Incidents, the rules that open them, and what they are judged by."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models
from django.db.models import F, Q

from schedules.migrations.initial.ids import auto_id, ulid

OPERATIONS = (
    migrations.CreateModel(
        "AlertRule",
        fields=[
            ("id", ulid()),
            ("rule", models.CharField(max_length=40)),
            ("is_enabled", models.BooleanField(blank=True, help_text="Empty: as the level above", null=True)),
            (
                "threshold",
                models.PositiveIntegerField(
                    blank=True,
                    help_text="Empty: as the level above",
                    null=True,
                    validators=[MinValueValidator(1)],
                ),
            ),
            (
                "window_seconds",
                models.PositiveIntegerField(
                    blank=True,
                    help_text="Empty: as the level above",
                    null=True,
                    validators=[MinValueValidator(60), MaxValueValidator(604800)],
                ),
            ),
            (
                "agent",
                models.ForeignKey(
                    blank=True,
                    db_index=False,
                    null=True,
                    on_delete=models.CASCADE,
                    related_name="alert_rules",
                    to="schedules.agent",
                ),
            ),
            (
                "schedule",
                models.ForeignKey(
                    blank=True,
                    db_index=False,
                    null=True,
                    on_delete=models.CASCADE,
                    related_name="alert_rules",
                    to="schedules.schedule",
                ),
            ),
            (
                "workspace",
                models.ForeignKey(
                    db_index=False,
                    on_delete=models.CASCADE,
                    related_name="alert_rules",
                    to="schedules.workspace",
                ),
            ),
        ],
        options={
            "constraints": [
                models.UniqueConstraint(
                    condition=Q(("agent", None), ("schedule", None)),
                    fields=("workspace", "rule"),
                    name="alert_rule_of_workspace",
                ),
                models.UniqueConstraint(
                    condition=Q(("agent__isnull", False)),
                    fields=("agent", "rule"),
                    name="alert_rule_of_agent",
                ),
                models.UniqueConstraint(
                    condition=Q(("schedule__isnull", False)),
                    fields=("schedule", "rule"),
                    name="alert_rule_of_schedule",
                ),
                models.CheckConstraint(
                    condition=Q(("agent__isnull", True), ("schedule__isnull", True), _connector="OR"),
                    name="alert_rule_of_one",
                ),
            ],
            "ordering": ["rule", "id"],
        },
    ),
    migrations.CreateModel(
        "AlertSignal",
        fields=[
            ("id", auto_id()),
            (
                "kind",
                models.CharField(
                    choices=[("succeeded", "Succeeded"), ("failed", "Failed"), ("missed", "Missed")],
                    max_length=10,
                ),
            ),
            ("workspace_id", models.UUIDField()),
            ("agent_id", models.CharField(max_length=26)),
            ("schedule_id", models.CharField(max_length=26)),
            ("run_id", models.CharField(db_default="", max_length=26)),
            ("code", models.CharField(db_default="", help_text="Of a failure", max_length=100)),
            (
                "http_status",
                models.PositiveSmallIntegerField(help_text="Of the reply that was the failure", null=True),
            ),
            ("trigger", models.CharField(help_text="cadence, late, manual or again", max_length=10)),
            ("due_at", models.DateTimeField(help_text="Of missed fire times: the last")),
            ("first_due_at", models.DateTimeField(help_text="Of missed fire times: the first", null=True)),
            ("count", models.PositiveIntegerField(db_default=1, help_text="Of missed fire times: how many")),
            (
                "lateness",
                models.BigIntegerField(help_text="Of a run that started, in milliseconds", null=True),
            ),
            ("at", models.DateTimeField(help_text="When it happened")),
        ],
        options={"indexes": [models.Index(fields=["schedule_id"], name="alert_signal_of_schedule")]},
    ),
    migrations.CreateModel(
        "ScheduleHealth",
        fields=[
            ("schedule_id", models.CharField(max_length=26, primary_key=True, serialize=False)),
            ("workspace_id", models.UUIDField()),
            ("agent_id", models.CharField(max_length=26)),
            (
                "failure_count",
                models.PositiveIntegerField(db_default=0, default=0, help_text="In a row, up to now"),
            ),
            (
                "hopeless_count",
                models.PositiveIntegerField(
                    db_default=0,
                    default=0,
                    help_text="In a row, up to now, with codes that repeating cannot mend",
                ),
            ),
            ("failed_at", models.DateTimeField(help_text="When the last one failed", null=True)),
            (
                "code",
                models.CharField(db_default="", default="", help_text="Of the last one", max_length=100),
            ),
            (
                "recent_failures",
                models.JSONField(default=list, help_text="When runs failed, as seconds since 1970"),
            ),
            ("updated_at", models.DateTimeField()),
        ],
        options={
            "indexes": [
                models.Index(
                    condition=Q(("failure_count__gt", 0)),
                    fields=["agent_id", "code", "failed_at"],
                    name="schedule_failing_of_agent",
                ),
                models.Index(fields=["updated_at"], name="schedule_health_updated"),
            ]
        },
    ),
    migrations.CreateModel(
        "Incident",
        fields=[
            ("id", ulid()),
            ("rule", models.CharField(max_length=40)),
            (
                "subject",
                models.CharField(
                    choices=[
                        ("schedule", "Schedule"),
                        ("agent", "Agent"),
                        ("apikey", "Key"),
                        ("workspace", "Workspace"),
                    ],
                    max_length=10,
                ),
            ),
            ("subject_id", models.CharField(max_length=40)),
            ("subject_name", models.CharField(blank=True, db_default="", default="", max_length=255)),
            (
                "agent_id",
                models.CharField(
                    blank=True,
                    db_default="",
                    default="",
                    help_text="The agent it is about, if any",
                    max_length=26,
                ),
            ),
            ("signature", models.CharField(blank=True, db_default="", default="", max_length=100)),
            (
                "facts",
                models.JSONField(
                    default=dict, help_text="What is known of it: counts and ids, never an agent's text"
                ),
            ),
            (
                "count",
                models.PositiveBigIntegerField(db_default=1, default=1, help_text="How often it was seen"),
            ),
            ("opened_at", models.DateTimeField()),
            ("seen_at", models.DateTimeField(help_text="When it was last seen")),
            ("closed_at", models.DateTimeField(blank=True, null=True)),
            (
                "absorbed_by",
                models.CharField(
                    blank=True,
                    db_default="",
                    default="",
                    help_text="The wider incident it is a part of; nothing more is told of this one",
                    max_length=26,
                ),
            ),
            ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
            ("acknowledged_by_id", models.CharField(blank=True, db_default="", default="", max_length=40)),
            ("acknowledged_by_name", models.CharField(blank=True, db_default="", default="", max_length=150)),
            ("note", models.CharField(blank=True, db_default="", default="", max_length=500)),
            (
                "told_at",
                models.DateTimeField(blank=True, help_text="When the last message about it left", null=True),
            ),
            ("tell_at", models.DateTimeField(blank=True, null=True)),
            (
                "telling",
                models.CharField(
                    blank=True,
                    choices=[
                        ("opened", "Opened"),
                        ("changed", "its cause is another one now"),
                        ("reminder", "it is still open"),
                        ("recovered", "Recovered"),
                        ("absorbed", "it is a part of a wider one"),
                    ],
                    db_default="",
                    default="",
                    max_length=10,
                ),
            ),
            (
                "workspace",
                models.ForeignKey(
                    db_index=False,
                    on_delete=models.CASCADE,
                    related_name="incidents",
                    to="schedules.workspace",
                ),
            ),
        ],
        options={
            "constraints": [
                models.UniqueConstraint(
                    condition=Q(("closed_at", None)),
                    fields=("workspace", "rule", "subject", "subject_id"),
                    name="incident_one_open",
                )
            ],
            "indexes": [
                models.Index(F("workspace"), F("id").desc(), name="incident_of_workspace"),
                models.Index(F("subject_id"), F("id").desc(), name="incident_of_subject"),
                models.Index(
                    condition=Q(("closed_at", None)),
                    fields=["agent_id", "rule"],
                    name="incident_open_of_agent",
                ),
                models.Index(
                    condition=Q(("tell_at__isnull", False)), fields=["tell_at"], name="incident_to_tell"
                ),
                models.Index(fields=["closed_at"], name="incident_closed"),
            ],
            "ordering": ["-id"],
        },
    ),
    migrations.CreateModel(
        "Digest",
        fields=[
            (
                "workspace",
                models.OneToOneField(
                    on_delete=models.CASCADE,
                    primary_key=True,
                    related_name="digest",
                    serialize=False,
                    to="schedules.workspace",
                ),
            ),
            ("sent_at", models.DateTimeField()),
        ],
    ),
)
