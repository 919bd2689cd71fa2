"""Next fire times move into a table of their own, so that a firing leaves the wide row and its indexes alone.

Runs and missed firings no longer have a foreign key's constraint on their schedule: its check would write to that row
all the same. Stop all processes of the service first: those of the version before know the old columns only.
"""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_FROM_SCHEDULES = """
INSERT INTO schedules_nextfire (schedule_id, generation, type, expression, anchor_at, fire_time, held_until)
SELECT id, generation, type, expression, anchor_at, next_fire_at, held_until FROM schedules_schedule WHERE is_active
"""
_TO_SCHEDULES = """
UPDATE schedules_schedule SET next_fire_at = next_fire.fire_time, held_until = next_fire.held_until
FROM schedules_nextfire AS next_fire
WHERE next_fire.schedule_id = schedules_schedule.id
"""


def _take_time(_: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The service's time-out of statements is not meant for this."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET LOCAL statement_timeout = 0")


TAKE_TIME = migrations.RunPython(_take_time, _take_time)


class Migration(migrations.Migration):
    """Reads the schedules; going back writes them and checks every run's key."""

    dependencies: ClassVar = [("schedules", "0008_no_second_index_of_agents")]

    operations: ClassVar = [
        TAKE_TIME,
        migrations.CreateModel(
            name="NextFire",
            fields=[
                (
                    "schedule",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
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
                    "held_until",
                    models.DateTimeField(
                        blank=True, help_text="Not fired before: its cadence could not be computed", null=True
                    ),
                ),
            ],
        ),
        migrations.RemoveConstraint(model_name="schedule", name="schedule_active_has_next_fire"),
        migrations.RemoveIndex(model_name="schedule", name="schedule_due"),
        migrations.RunSQL(_FROM_SCHEDULES, _TO_SCHEDULES),
        migrations.RemoveField(model_name="schedule", name="held_until"),
        migrations.RemoveField(model_name="schedule", name="next_fire_at"),
        migrations.AddIndex(
            model_name="nextfire", index=models.Index(fields=["fire_time"], name="next_fire_due")
        ),
        migrations.AlterField(
            model_name="run",
            name="schedule",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="runs",
                to="schedules.schedule",
            ),
        ),
        migrations.AlterField(
            model_name="missedfiring",
            name="schedule",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="missed_firings",
                to="schedules.schedule",
            ),
        ),
        TAKE_TIME,
    ]
