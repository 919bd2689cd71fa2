"""An index of the late runs that wait: each firing asks for those of its schedule, which it replaces."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Building it reads the table once; a run enters it only after an outage."""

    dependencies: ClassVar = [("schedules", "0011_suspended_until")]

    operations: ClassVar = [
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("is_misfire", True), ("state", "pending")),
                fields=["schedule"],
                name="run_late",
            ),
        )
    ]
