"""The journal, and what makes it append-only: the database itself refuses to change a line, or to delete one.

PostgreSQL lets retention delete, which says so for its transaction. SQLite refuses changes only: it has no setting of
a transaction that a trigger could ask for. Emptying the whole table (TRUNCATE) is for who owns it.
"""

from typing import ClassVar

import django.db.models.functions.datetime
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

import schedules.database.ulids

POSTGRESQL = """
CREATE FUNCTION schedules_journal_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('orq.journal_retention', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the journal is append-only' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER journal_is_kept BEFORE UPDATE OR DELETE ON schedules_journalentry
FOR EACH ROW EXECUTE FUNCTION schedules_journal_is_kept();
"""
NOT_ON_POSTGRESQL = """
DROP TRIGGER journal_is_kept ON schedules_journalentry;
DROP FUNCTION schedules_journal_is_kept();
"""
SQLITE = """
CREATE TRIGGER journal_is_kept BEFORE UPDATE ON schedules_journalentry
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END
"""
NOT_ON_SQLITE = "DROP TRIGGER journal_is_kept"


def protect(_: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    editor.execute(POSTGRESQL if editor.connection.vendor == "postgresql" else SQLITE, params=None)


def release(_: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    is_postgresql = editor.connection.vendor == "postgresql"
    editor.execute(NOT_ON_POSTGRESQL if is_postgresql else NOT_ON_SQLITE, params=None)


KINDS = [(kind, kind) for kind in ("user", "key", "command", "service", "nobody")]


class Migration(migrations.Migration):
    dependencies: ClassVar = [("schedules", "0027_keys")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="JournalEntry",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=schedules.database.ulids.new_ulid,
                        editable=False,
                        max_length=26,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        help_text="By the database's clock",
                    ),
                ),
                ("actor_kind", models.CharField(choices=KINDS, max_length=10)),
                ("actor_id", models.CharField(help_text="Of the user or the API key", max_length=40)),
                ("actor_name", models.CharField(max_length=150)),
                ("address", models.CharField(help_text="Where it came from", max_length=45)),
                (
                    "workspace_id",
                    models.UUIDField(help_text="None: it is about the service as a whole", null=True),
                ),
                ("verb", models.CharField(max_length=40)),
                ("object_type", models.CharField(max_length=40)),
                ("object_id", models.CharField(max_length=40)),
                ("object_name", models.CharField(max_length=255)),
                (
                    "changes",
                    models.JSONField(
                        help_text='By field: {"old": …, "new": …}, or "changed" for what is secret'
                    ),
                ),
                (
                    "generation",
                    models.PositiveBigIntegerField(
                        help_text="Of the schedule, if this act began it", null=True
                    ),
                ),
                (
                    "revision",
                    models.PositiveBigIntegerField(
                        help_text="Of the schedule, which this act made", null=True
                    ),
                ),
                (
                    "discarded_count",
                    models.PositiveBigIntegerField(
                        help_text="Pending runs that will not start because of this act", null=True
                    ),
                ),
                (
                    "batch_id",
                    models.CharField(
                        help_text="What was done at one go shares it; empty: alone", max_length=26
                    ),
                ),
            ],
            options={
                "verbose_name": "journal entry",
                "verbose_name_plural": "journal",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(models.F("object_id"), models.F("id"), name="journal_of_object"),
                    models.Index(models.F("workspace_id"), models.F("id"), name="journal_of_workspace"),
                ],
            },
        ),
        migrations.RunPython(protect, release),
    ]
