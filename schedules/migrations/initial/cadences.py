"""Schedules, when they fire next, what they were before, and what holds them."""

from django.db import migrations, models
from django.db.models import F, Q
from django.utils import timezone

from schedules.migrations.initial.ids import auto_id, ulid

OPERATIONS = (
    migrations.CreateModel(
        "Schedule",
        fields=[
            ("id", ulid()),
            ("agent_tag", models.CharField(blank=True, max_length=100, null=True)),
            ("display_name", models.CharField(blank=True, max_length=255, null=True)),
            (
                "type",
                models.CharField(
                    choices=[("cron", "Cron"), ("interval", "Interval"), ("once", "Once")], max_length=10
                ),
            ),
            ("expression", models.CharField(max_length=1000)),
            ("payload", models.JSONField(default=dict, help_text="Secret variables are sealed")),
            ("is_active", models.BooleanField(default=True)),
            (
                "is_finished",
                models.BooleanField(
                    default=False,
                    help_text="Inactive because its last fire time has fired, not because somebody said so",
                ),
            ),
            ("generation", models.PositiveBigIntegerField(default=1)),
            (
                "anchor_at",
                models.DateTimeField(
                    help_text="When this generation's cadence began; intervals count from here"
                ),
            ),
            ("trigger_count", models.PositiveBigIntegerField(default=0)),
            ("last_triggered_at", models.DateTimeField(blank=True, null=True)),
            ("created_by_id", models.CharField(max_length=40)),
            ("updated_by_id", models.CharField(blank=True, max_length=40, null=True)),
            ("created_at", models.DateTimeField(default=timezone.now)),
            ("updated_at", models.DateTimeField(default=timezone.now)),
            ("deleted_at", models.DateTimeField(blank=True, null=True)),
            (
                "agent",
                models.ForeignKey(
                    db_index=False, on_delete=models.PROTECT, related_name="schedules", to="schedules.agent"
                ),
            ),
            (
                "workspace",
                models.ForeignKey(
                    on_delete=models.PROTECT, related_name="schedules", to="schedules.workspace"
                ),
            ),
            (
                "revision",
                models.PositiveBigIntegerField(
                    db_default=1, default=1, help_text="Counts the edits; a firing is none"
                ),
            ),
            (
                "epoch_count",
                models.PositiveBigIntegerField(
                    db_default=0,
                    default=0,
                    help_text="Cadence epochs begun, for the audit: none of them is ever deleted",
                ),
            ),
            (
                "manual_count",
                models.PositiveBigIntegerField(
                    db_default=0,
                    default=0,
                    help_text="Runs that people asked for: each carries the number it was given here",
                ),
            ),
            (
                "pruned_manual_count",
                models.PositiveBigIntegerField(
                    db_default=0, default=0, help_text="How many of those retention has deleted"
                ),
            ),
            (
                "payload_bytes",
                models.PositiveIntegerField(
                    blank=True, help_text="How long the stored payload is as JSON; none: not known", null=True
                ),
            ),
            ("pause_note", models.CharField(blank=True, db_default="", default="", max_length=500)),
            (
                "paused_at",
                models.DateTimeField(
                    blank=True,
                    help_text="When somebody paused it; none where that is not on record",
                    null=True,
                ),
            ),
            ("paused_by_id", models.CharField(blank=True, db_default="", default="", max_length=40)),
            ("paused_by_name", models.CharField(blank=True, db_default="", default="", max_length=150)),
            (
                "paused_until",
                models.DateTimeField(
                    blank=True, help_text="When the service resumes it; none: nobody but people do", null=True
                ),
            ),
            (
                "pause_reason",
                models.CharField(
                    blank=True,
                    choices=[("repeated_failures", "Failures")],
                    db_default="",
                    default="",
                    help_text="Why the service paused it; empty: somebody asked for it",
                    max_length=20,
                ),
            ),
        ],
        options={
            "constraints": [
                models.CheckConstraint(
                    condition=Q(("deleted_at__isnull", True), ("is_active", False), _connector="OR"),
                    name="schedule_deleted_is_inactive",
                ),
                models.CheckConstraint(
                    condition=Q(("is_finished", False), ("is_active", False), _connector="OR"),
                    name="schedule_finished_is_inactive",
                ),
                models.CheckConstraint(
                    condition=Q(("generation__gte", 1)), name="schedule_generation_from_one"
                ),
            ],
            "indexes": [
                models.Index(F("agent"), F("id").desc(), name="schedule_of_agent"),
                models.Index(
                    condition=Q(("deleted_at", None)),
                    fields=["workspace", "payload_bytes"],
                    name="schedule_stored",
                ),
                models.Index(
                    condition=Q(("paused_until__isnull", False)),
                    fields=["paused_until"],
                    name="schedule_paused_until",
                ),
                models.Index(
                    F("workspace"),
                    F("id").desc(),
                    condition=Q(("deleted_at", None)),
                    name="schedule_of_workspace",
                ),
                models.Index(F("id").desc(), condition=Q(("is_active", False)), name="schedule_inactive"),
                models.Index(
                    F("type"),
                    F("id").desc(),
                    condition=Q(("type", "cron"), _negated=True),
                    name="schedule_no_cron",
                ),
            ],
            "ordering": ["-id"],
        },
    ),
    migrations.CreateModel(
        "NextFire",
        fields=[
            (
                "schedule",
                models.OneToOneField(
                    on_delete=models.CASCADE,
                    primary_key=True,
                    related_name="next_fire",
                    serialize=False,
                    to="schedules.schedule",
                ),
            ),
            ("generation", models.PositiveBigIntegerField()),
            (
                "type",
                models.CharField(
                    choices=[("cron", "Cron"), ("interval", "Interval"), ("once", "Once")], max_length=10
                ),
            ),
            ("expression", models.CharField(max_length=1000)),
            ("anchor_at", models.DateTimeField()),
            ("fire_time", models.DateTimeField()),
            (
                "suspended_until",
                models.DateTimeField(
                    blank=True, help_text="Not fired before: its cadence could not be computed", null=True
                ),
            ),
        ],
        options={"indexes": [models.Index(fields=["fire_time"], name="next_fire_due")]},
    ),
    migrations.CreateModel(
        "CadenceEpoch",
        fields=[
            ("id", auto_id()),
            ("generation", models.PositiveBigIntegerField()),
            (
                "type",
                models.CharField(
                    choices=[("cron", "Cron"), ("interval", "Interval"), ("once", "Once")], max_length=10
                ),
            ),
            ("expression", models.CharField(max_length=1000)),
            ("began_at", models.DateTimeField(help_text="Also the cadence's anchor")),
            ("ended_at", models.DateTimeField(blank=True, null=True)),
            (
                "ended_by",
                models.CharField(
                    blank=True,
                    choices=[
                        ("replaced", "The cadence was changed"),
                        ("paused", "The schedule was paused"),
                        ("deleted", "The schedule was deleted"),
                    ],
                    max_length=10,
                ),
            ),
            (
                "schedule",
                models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, related_name="epochs", to="schedules.schedule"
                ),
            ),
        ],
        options={
            "constraints": [
                models.UniqueConstraint(fields=("schedule", "generation"), name="epoch_one_per_generation"),
                models.UniqueConstraint(
                    condition=Q(("ended_at__isnull", True)), fields=("schedule",), name="epoch_one_open"
                ),
                models.CheckConstraint(
                    condition=Q(
                        Q(("ended_at__isnull", True), ("ended_by", "")),
                        Q(("ended_at__isnull", False), Q(("ended_by", ""), _negated=True)),
                        _connector="OR",
                    ),
                    name="epoch_end_has_cause",
                ),
            ],
            "ordering": ["schedule", "generation"],
        },
    ),
    migrations.CreateModel(
        "MissedFiring",
        fields=[
            ("id", auto_id()),
            ("generation", models.PositiveBigIntegerField()),
            ("first_fire_time", models.DateTimeField()),
            ("last_fire_time", models.DateTimeField()),
            ("count", models.PositiveIntegerField()),
            (
                "reason",
                models.CharField(
                    choices=[
                        ("coalesced", "Noticed late, together with a newer fire time that got the run"),
                        ("replaced", "The cadence was changed before it was fired"),
                        ("paused", "The schedule was paused before it was fired"),
                        ("deleted", "The schedule was deleted before it was fired"),
                    ],
                    max_length=20,
                ),
            ),
            ("recorded_at", models.DateTimeField(default=timezone.now)),
            (
                "schedule",
                models.ForeignKey(
                    db_constraint=False,
                    db_index=False,
                    on_delete=models.CASCADE,
                    related_name="missed_firings",
                    to="schedules.schedule",
                ),
            ),
        ],
        options={
            "constraints": [
                models.UniqueConstraint(
                    fields=("schedule", "generation", "first_fire_time"), name="missed_firing_recorded_once"
                ),
                models.CheckConstraint(
                    condition=Q(("count__gte", 1), ("last_fire_time__gte", F("first_fire_time"))),
                    name="missed_firing_counts",
                ),
            ],
            "indexes": [models.Index(fields=["recorded_at"], name="missed_recently")],
            "ordering": ["-id"],
        },
    ),
    migrations.CreateModel(
        "Hold",
        fields=[
            ("id", ulid()),
            (
                "scope",
                models.CharField(
                    choices=[("agent", "Agent"), ("workspace", "Workspace"), ("everything", "Everything")],
                    max_length=10,
                ),
            ),
            ("note", models.CharField(blank=True, db_default="", default="", max_length=500)),
            (
                "until_at",
                models.DateTimeField(blank=True, help_text="When it ends by itself; none: never", null=True),
            ),
            ("began_at", models.DateTimeField()),
            ("by_id", models.CharField(help_text="How whoever made it signs", max_length=40)),
            ("by_name", models.CharField(blank=True, db_default="", default="", max_length=150)),
            (
                "ended_at",
                models.DateTimeField(
                    blank=True, help_text="When it was lifted, or its time was over", null=True
                ),
            ),
            (
                "is_watched",
                models.BooleanField(
                    db_default=True,
                    default=True,
                    help_text="Whether claims still look at it: also after it has ended",
                ),
            ),
            (
                "agent",
                models.ForeignKey(
                    blank=True,
                    db_index=False,
                    null=True,
                    on_delete=models.CASCADE,
                    related_name="holds",
                    to="schedules.agent",
                ),
            ),
            (
                "workspace",
                models.ForeignKey(
                    blank=True,
                    db_index=False,
                    null=True,
                    on_delete=models.CASCADE,
                    related_name="holds",
                    to="schedules.workspace",
                ),
            ),
        ],
        options={
            "constraints": [
                models.UniqueConstraint(
                    condition=Q(("ended_at", None), ("scope", "agent")),
                    fields=("agent",),
                    name="hold_one_of_agent",
                ),
                models.UniqueConstraint(
                    condition=Q(("ended_at", None), ("scope", "workspace")),
                    fields=("workspace",),
                    name="hold_one_of_workspace",
                ),
                models.UniqueConstraint(
                    condition=Q(("ended_at", None), ("scope", "everything")),
                    fields=("scope",),
                    name="hold_one_of_everything",
                ),
                models.CheckConstraint(
                    condition=Q(
                        Q(("agent__isnull", False), ("scope", "agent"), ("workspace__isnull", False)),
                        Q(("agent__isnull", True), ("scope", "workspace"), ("workspace__isnull", False)),
                        Q(("agent__isnull", True), ("scope", "everything"), ("workspace__isnull", True)),
                        _connector="OR",
                    ),
                    name="hold_scope_names_its_owner",
                ),
            ],
            "indexes": [
                models.Index(
                    condition=Q(("is_watched", True)), fields=["workspace", "agent"], name="hold_watched"
                ),
                models.Index(fields=["ended_at"], name="hold_ended"),
            ],
            "ordering": ["-id"],
        },
    ),
    migrations.CreateModel(
        "ComingLoad",
        fields=[
            ("workspace_id", models.UUIDField(primary_key=True, serialize=False)),
            ("first_hour", models.DateTimeField(help_text="When the first of the counted hours begins")),
            ("hours", models.JSONField(default=list, help_text="How often schedules fire in each hour")),
            (
                "herds",
                models.JSONField(
                    default=dict,
                    help_text="By the hour's place: the second in it at which most fire, and how many, where they are many",
                ),
            ),
            (
                "cadences",
                models.JSONField(
                    default=list,
                    help_text="What was counted: type, expression, the hour's next fire time, schedules",
                ),
            ),
            (
                "partly_count",
                models.BigIntegerField(
                    db_default=0,
                    help_text="Schedules with rare cadences, of which only the next fire time is counted",
                ),
            ),
            ("counted_at", models.DateTimeField()),
        ],
    ),
)
