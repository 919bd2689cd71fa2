"""The index for LIKE that Django adds to a text key on PostgreSQL goes, as in 0006: nobody searches ids by pattern."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """On SQLite there is none, and nothing happens."""

    dependencies: ClassVar = [("schedules", "0009_next_fires")]

    operations: ClassVar = [
        migrations.RunSQL(
            'DROP INDEX IF EXISTS "schedules_nextfire_schedule_id_fdaf544f_like"', migrations.RunSQL.noop
        )
    ]
