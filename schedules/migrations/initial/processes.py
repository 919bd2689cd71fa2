"""What processes tell each other: that they live, their keys, and clocks that leapt."""

from datetime import timedelta

from django.db import migrations, models
from django.db.models.functions import Now

from schedules.migrations.initial.ids import auto_id, ulid

OPERATIONS = (
    migrations.CreateModel(
        "ProcessRegistration",
        fields=[
            ("id", ulid()),
            ("kind", models.CharField(choices=[("beat", "Beat"), ("worker", "Worker")], max_length=10)),
            ("host", models.CharField(max_length=255)),
            ("pid", models.PositiveIntegerField()),
            ("version", models.CharField(blank=True, db_default="", default="", max_length=40)),
            (
                "thread_count",
                models.PositiveIntegerField(
                    db_default=0, default=0, help_text="Calls a worker can have in flight"
                ),
            ),
            ("in_flight_count", models.PositiveIntegerField(db_default=0, default=0)),
            (
                "clock_offset",
                models.DurationField(
                    db_default=timedelta(0),
                    default=timedelta(0),
                    help_text="How far its host's clock is ahead of the database's",
                ),
            ),
            ("started_at", models.DateTimeField(db_default=Now())),
            (
                "last_seen_at",
                models.DateTimeField(
                    db_default=Now(),
                    help_text="When its slowest loop last went round: a beat's tick, a worker's consumer. By the database's clock, whatever that shows",
                ),
            ),
            (
                "database_ahead",
                models.DurationField(
                    db_default=timedelta(0),
                    default=timedelta(0),
                    help_text="How far the database's clock has leapt ahead of the time that this process goes by",
                ),
            ),
        ],
        options={"ordering": ["kind", "host", "pid"]},
    ),
    migrations.CreateModel(
        "KnownEncryptionKey",
        fields=[
            ("fingerprint", models.CharField(max_length=64, primary_key=True, serialize=False)),
            ("first_seen_at", models.DateTimeField(db_default=Now())),
            (
                "retired_at",
                models.DateTimeField(
                    blank=True, help_text="Since when nothing is sealed with it any more", null=True
                ),
            ),
        ],
    ),
    migrations.CreateModel(
        "ClockLeap",
        fields=[
            ("id", auto_id()),
            ("left_at", models.DateTimeField()),
            ("reached_at", models.DateTimeField()),
            (
                "mended_at",
                models.DateTimeField(
                    blank=True,
                    help_text="The clock was set back, and nothing is planned beyond it any more",
                    null=True,
                ),
            ),
        ],
        options={"ordering": ["id"]},
    ),
)
