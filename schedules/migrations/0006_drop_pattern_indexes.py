"""The indexes for LIKE that Django adds to text keys on PostgreSQL go: nobody searches ids by pattern.

Each cost every firing an insertion of its own.
"""

from typing import ClassVar

from django.db import migrations

PATTERN_INDEXES = (
    "schedules_run_id_16668dcb_like",
    "schedules_schedule_id_69653178_like",
    "schedules_schedule_agent_id_c4df626a_like",
)


class Migration(migrations.Migration):
    """On SQLite there are none, and nothing happens."""

    dependencies: ClassVar = [("schedules", "0005_audit_results")]

    operations: ClassVar = [
        migrations.RunSQL(f'DROP INDEX IF EXISTS "{index}"', migrations.RunSQL.noop) for index in PATTERN_INDEXES
    ]
