"""Schedules are found by how their name begins: an index of the names in capitals, as the search asks for them.

PostgreSQL builds it while the service goes on writing. SQLite, whose tables are small, does without.
"""

from typing import ClassVar

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_MAKE = """
CREATE INDEX CONCURRENTLY IF NOT EXISTS schedule_name_begins
ON schedules_schedule (upper(display_name::text) text_pattern_ops)
"""
_DROP = "DROP INDEX CONCURRENTLY IF EXISTS schedule_name_begins"


def make(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make it."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(_MAKE)


def drop(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Drop it."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(_DROP)


class Migration(migrations.Migration):
    atomic = False

    dependencies: ClassVar = [("schedules", "0035_runs_of_workspaces")]

    operations: ClassVar = [migrations.RunPython(make, drop, elidable=False)]
