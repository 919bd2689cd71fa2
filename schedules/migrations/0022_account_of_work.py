"""What an audit needs to know that something is gone: schedules count what was begun and asked for, runs are numbered.

And how long a payload is, so that a quota and a page of the list need not read it.
"""

from typing import ClassVar

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def _take_time(_: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The service's time-out of statements is not meant for this."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET LOCAL statement_timeout = 0")


TAKE_TIME = migrations.RunPython(_take_time, _take_time)


class Migration(migrations.Migration):
    """Building the indexes reads the tables once; what is stored is counted by the next migration."""

    dependencies: ClassVar = [("schedules", "0021_known_encryption_keys")]

    operations: ClassVar = [
        TAKE_TIME,
        migrations.AddField(
            model_name="schedule",
            name="epoch_count",
            field=models.PositiveBigIntegerField(
                db_default=0,
                default=0,
                help_text="Cadence epochs begun, for the audit: none of them is ever deleted",
            ),
        ),
        migrations.AddField(
            model_name="schedule",
            name="manual_count",
            field=models.PositiveBigIntegerField(
                db_default=0,
                default=0,
                help_text="Runs that people asked for: each carries the number it was given here",
            ),
        ),
        migrations.AddField(
            model_name="schedule",
            name="pruned_manual_count",
            field=models.PositiveBigIntegerField(
                db_default=0, default=0, help_text="How many of those retention has deleted"
            ),
        ),
        migrations.AddField(
            model_name="schedule",
            name="payload_bytes",
            field=models.PositiveIntegerField(
                blank=True, help_text="How long the stored payload is as JSON; none: not known", null=True
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="manual_number",
            field=models.PositiveBigIntegerField(
                blank=True,
                help_text="Which of its schedule's manual runs it is, from 1; none where they were not counted",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="first_kept_attempt",
            field=models.PositiveIntegerField(
                db_default=1, default=1, help_text="Earlier attempts than this were not kept"
            ),
        ),
        migrations.AddIndex(
            model_name="schedule",
            index=models.Index(
                condition=models.Q(("deleted_at", None)),
                fields=["workspace", "payload_bytes"],
                name="schedule_stored",
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("fire_time__isnull", True)),
                fields=["schedule", "generation", "manual_number"],
                name="run_manual",
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("attempt__gt", 1)), fields=["id"], name="run_tried_again"
            ),
        ),
        TAKE_TIME,
    ]
