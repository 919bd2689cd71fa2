"""One index of agents less: `schedule_of_agent` is enough for lists, and every fire writes all indexes anew."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Dropping an index is quick and loses nothing."""

    dependencies: ClassVar = [("schedules", "0007_runs_that_did_not_succeed")]

    operations: ClassVar = [
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
    ]
