"""What is kept about acts and answers: the journal, remembered answers, audits."""

from django.db import migrations, models
from django.db.models import F
from django.db.models.functions import Now

from schedules.migrations.initial.ids import auto_id, ulid

OPERATIONS = (
    migrations.CreateModel(
        "JournalEntry",
        fields=[
            ("id", ulid()),
            ("at", models.DateTimeField(db_default=Now(), help_text="By the database's clock")),
            (
                "actor_kind",
                models.CharField(
                    choices=[
                        ("user", "user"),
                        ("key", "key"),
                        ("command", "command"),
                        ("service", "service"),
                        ("nobody", "nobody"),
                    ],
                    max_length=10,
                ),
            ),
            ("actor_id", models.CharField(help_text="Of the user or the API key", max_length=40)),
            ("actor_name", models.CharField(max_length=150)),
            ("address", models.CharField(help_text="Where it came from", max_length=45)),
            (
                "workspace_id",
                models.UUIDField(help_text="None: it is about the service as a whole", null=True),
            ),
            ("verb", models.CharField(max_length=40)),
            ("object_type", models.CharField(max_length=40)),
            ("object_id", models.CharField(max_length=40)),
            ("object_name", models.CharField(max_length=255)),
            (
                "changes",
                models.JSONField(help_text='By field: {"old": …, "new": …}, or "changed" for what is secret'),
            ),
            (
                "generation",
                models.PositiveBigIntegerField(help_text="Of the schedule, if this act began it", null=True),
            ),
            (
                "revision",
                models.PositiveBigIntegerField(help_text="Of the schedule, which this act made", null=True),
            ),
            (
                "discarded_count",
                models.PositiveBigIntegerField(
                    help_text="Pending runs that will not start because of this act", null=True
                ),
            ),
            (
                "batch_id",
                models.CharField(help_text="What was done at one go shares it; empty: alone", max_length=26),
            ),
            (
                "agent_id",
                models.CharField(
                    help_text="Of the agent it is about, or whose schedule or run it is",
                    max_length=26,
                    null=True,
                ),
            ),
        ],
        options={
            "indexes": [
                models.Index(F("object_id"), F("id"), name="journal_of_object"),
                models.Index(F("workspace_id"), F("id"), name="journal_of_workspace"),
                models.Index(F("actor_id"), F("id"), name="journal_of_actor"),
            ],
            "ordering": ["-id"],
            "verbose_name": "journal entry",
            "verbose_name_plural": "journal entries",
        },
    ),
    migrations.CreateModel(
        "IdempotencyRecord",
        fields=[
            ("id", auto_id()),
            ("key", models.CharField(max_length=255)),
            ("fingerprint", models.CharField(help_text="Of operation, path and body", max_length=64)),
            (
                "status",
                models.PositiveSmallIntegerField(default=0, help_text="0 only until the transaction ends"),
            ),
            ("headers", models.JSONField(default=dict)),
            ("body", models.TextField(default="null", help_text="JSON as text: its order and digits stay")),
            ("created_at", models.DateTimeField()),
            (
                "workspace",
                models.ForeignKey(
                    db_index=False,
                    on_delete=models.CASCADE,
                    related_name="idempotency_records",
                    to="schedules.workspace",
                ),
            ),
        ],
        options={
            "constraints": [
                models.UniqueConstraint(fields=("workspace", "key"), name="idempotency_one_per_key")
            ],
            "indexes": [models.Index(fields=["created_at"], name="idempotency_by_age")],
            "ordering": ["id"],
        },
    ),
    migrations.CreateModel(
        "AuditResult",
        fields=[
            ("id", auto_id()),
            ("audited_at", models.DateTimeField(help_text="The moment up to which the ledger was recounted")),
            ("since", models.DateTimeField(help_text="The moment from which it was recounted")),
            ("is_whole", models.BooleanField(help_text="It went back as far as history is kept")),
            (
                "settled_until",
                models.DateTimeField(help_text="What was due before this had been fired by then"),
            ),
            ("expected_count", models.PositiveBigIntegerField()),
            ("accounted_count", models.PositiveBigIntegerField()),
            ("finding_count", models.PositiveBigIntegerField()),
            ("findings", models.JSONField(default=list, help_text="The first of them, in words")),
            ("duration", models.DurationField()),
        ],
        options={"ordering": ["-id"], "verbose_name": "ledger audit"},
    ),
)
