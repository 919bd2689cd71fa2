"""An index of the runs that did not succeed: operators look for these few among millions that did."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Building it reads the table once; a run enters it only when it ends badly."""

    dependencies: ClassVar = [("schedules", "0006_drop_pattern_indexes")]

    operations: ClassVar = [
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                models.F("state"),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("state__in", ("failed", "cancelled", "discarded"))),
                name="run_unsuccessful",
            ),
        )
    ]
