"""Beats and workers register themselves, so that health, `status` and the console know which are there."""

from datetime import timedelta

from django.db import migrations, models
from django.db.models.functions import Now

from schedules.database.ulids import new_ulid


class Migration(migrations.Migration):
    dependencies = [("schedules", "0019_linked_traceparent")]

    operations = [
        migrations.CreateModel(
            name="ProcessRegistration",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=new_ulid, editable=False, max_length=26, primary_key=True, serialize=False
                    ),
                ),
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
                        help_text="When its slowest loop last went round: a beat's tick, a worker's consumer",
                    ),
                ),
            ],
            options={"ordering": ["kind", "host", "pid"]},
        ),
    ]
