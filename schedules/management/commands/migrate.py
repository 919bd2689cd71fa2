"""`migrate`: Django's, one at a time: several containers may start it at once on a new database.

A migration that replaces others cannot go on where some of them are there and some are not: that is said, not tried.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

KEY = 7_236_114_309_118_417_031
"""Of the advisory lock: any number that no other program uses in this database."""

PAUSE_SECONDS = 0.5


class Command(migrate.Command):
    """Django's own, behind a lock; on SQLite the file's lock is enough."""

    def handle(self, *args: Any, **options: Any) -> None:
        _refuse_half_replaced(connections[options["database"]])
        if options["check_unapplied"]:  # it only reads
            super().handle(*args, **options)
            return
        if settings.ORQ.transaction_pooler:
            raise CommandError(
                "ORQ_TRANSACTION_POOLER: migrations need a session of their own. Name PostgreSQL itself in "
                "DATABASE_URL and set ORQ_TRANSACTION_POOLER=false for this command"
            )
        with self._alone(options["database"]):
            super().handle(*args, **options)

    @contextmanager
    def _alone(self, database: str) -> Iterator[None]:
        """Hold the database's migration lock; it goes with the connection, should this process be killed."""
        connection = connections[database]
        if connection.vendor != "postgresql":
            yield
            return
        with connection.cursor() as cursor:
            is_told = False
            while not _took(cursor):
                if not is_told:
                    self.stderr.write("Another migration of this database runs; waiting for its end.")
                is_told = True
                time.sleep(PAUSE_SECONDS)
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [KEY])


def _took(cursor: Any) -> bool:
    cursor.execute("SELECT pg_try_advisory_lock(%s)", [KEY])
    return bool(cursor.fetchone()[0])


def _refuse_half_replaced(connection: BaseDatabaseWrapper) -> None:
    """A database of a version between two releases: what it lacks of the replaced migrations is here no more."""
    applied = MigrationRecorder(connection).applied_migrations()
    here = MigrationLoader(None).disk_migrations
    for migration in here.values():
        lost = [key for key in migration.replaces if key not in applied and key not in here]
        if lost and any(key in applied for key in migration.replaces):
            app, name = lost[0]
            raise CommandError(
                f"This database lacks the migration {app}.{name}, which {app}.{migration.name} has replaced: migrate "
                "it with the last version that has it, or begin with an empty database"
            )
