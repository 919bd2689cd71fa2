"""One index of agents instead of two: every fire writes every index anew.

The one that is left holds deleted schedules too, so that it also serves the agent's key and the console's
filters. The key's own index is dropped by its name: Django would drop and check the foreign key again with it,
reading all schedules under a lock.
"""

from typing import ClassVar

from django.db import migrations, models

INDEX = "schedules_schedule_agent_id_c4df626a"


class Migration(migrations.Migration):
    """Reads the schedules once."""

    dependencies: ClassVar = [("schedules", "0007_runs_that_did_not_succeed")]

    operations: ClassVar = [
        migrations.RemoveIndex(model_name="schedule", name="schedule_of_agent"),
        migrations.AddIndex(
            model_name="schedule",
            index=models.Index(
                models.F("agent"), models.OrderBy(models.F("id"), descending=True), name="schedule_of_agent"
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f'DROP INDEX IF EXISTS "{INDEX}"',
                    f'CREATE INDEX "{INDEX}" ON "schedules_schedule" ("agent_id")',
                )
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="schedule",
                    name="agent",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=models.PROTECT,
                        related_name="schedules",
                        to="schedules.agent",
                    ),
                )
            ],
        ),
    ]
