"""`migrate`: Django's, one at a time: several containers may start it at once on a new database."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import connections

KEY = 7_236_114_309_118_417_031
"""Of the advisory lock: any number that no other program uses in this database."""

PAUSE_SECONDS = 0.5


class Command(migrate.Command):
    """Django's own, behind a lock; on SQLite the file's lock is enough."""

    def handle(self, *args: Any, **options: Any) -> None:
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
