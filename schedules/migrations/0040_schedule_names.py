"""What the console's list of schedules finds: the few that are inactive or no cron, and names by their beginning.

PostgreSQL builds the indexes while the service goes on writing. SQLite, whose tables are small, does without that of
the names, which is of them in capitals, as the search asks for them.
"""

from importlib import import_module
from typing import ClassVar

from django.db import migrations, models
from django.db.models import F, Q
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

AddIndexBesideWriters = import_module("schedules.migrations.0035_runs_of_workspaces").AddIndexBesideWriters

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

    dependencies: ClassVar = [("schedules", "0039_coming_load")]

    operations: ClassVar = [
        AddIndexBesideWriters(
            "schedule",
            models.Index(F("id").desc(), condition=Q(is_active=False), name="schedule_inactive"),
        ),
        AddIndexBesideWriters(
            "schedule",
            models.Index(F("type"), F("id").desc(), condition=~Q(type="cron"), name="schedule_no_cron"),
        ),
        migrations.RunPython(make, drop, elidable=False),
    ]
