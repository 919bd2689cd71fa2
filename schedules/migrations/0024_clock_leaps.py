"""A database's clock that leaps: what processes see of it, and the leaps that were believed."""

from datetime import timedelta

from django.db import migrations, models
from django.db.models.functions import Now

import schedules.database.clock


def _created_at() -> models.DateTimeField:
    return models.DateTimeField(default=schedules.database.clock.estimated_now, editable=False)


class Migration(migrations.Migration):
    dependencies = [("schedules", "0023_account_of_work_stored")]

    operations = [
        migrations.AddField(
            model_name="processregistration",
            name="database_ahead",
            field=models.DurationField(
                db_default=timedelta(0),
                default=timedelta(0),
                help_text="How far the database's clock has leapt ahead of the time that this process goes by",
            ),
        ),
        migrations.AlterField(
            model_name="processregistration",
            name="last_seen_at",
            field=models.DateTimeField(
                db_default=Now(),
                help_text="When its slowest loop last went round: a beat's tick, a worker's consumer. "
                "By the database's clock, whatever that shows",
            ),
        ),
        migrations.CreateModel(
            name="ClockLeap",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
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
        migrations.AlterField(model_name="agent", name="created_at", field=_created_at()),
        migrations.AlterField(model_name="agentversion", name="created_at", field=_created_at()),
        migrations.AlterField(model_name="apikey", name="created_at", field=_created_at()),
        migrations.AlterField(model_name="workspace", name="created_at", field=_created_at()),
    ]
