"""Where PostgreSQL's indexes are not those of the models: one more for names, and none for LIKE on ids.

SQLite, whose tables are small, does without the index of names, which is of them in capitals, as the search asks for
them. Nobody searches ids by pattern: each of the indexes that Django adds for that costs every firing an insertion.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from schedules.migrations.initial.statements import on

NAMES = """
CREATE INDEX schedule_name_begins ON schedules_schedule (upper(display_name::text) text_pattern_ops)
"""
PATTERN_INDEXES = (
    "schedules_run_id_16668dcb_like",
    "schedules_schedule_id_69653178_like",
    "schedules_nextfire_schedule_id_fdaf544f_like",
)


def drop_pattern_indexes(_: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Django makes them when the migration ends: they go right after that."""
    if editor.connection.vendor == "postgresql":
        editor.deferred_sql += [f'DROP INDEX "{name}"' for name in PATTERN_INDEXES]


OPERATIONS = (
    on("postgresql", [NAMES], ["DROP INDEX schedule_name_begins"]),
    migrations.RunPython(drop_pattern_indexes, migrations.RunPython.noop),
)
