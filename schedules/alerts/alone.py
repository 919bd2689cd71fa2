"""One process at a time judges and tells: two would open the same incident, or tell it twice."""

from typing import Final

from django.db import connection

from schedules.database.choice import is_postgresql

LOCK: Final = 0x616C_6572_7473
"""Of PostgreSQL's advisory locks; "alerts" in ASCII."""


def alone() -> bool:
    """Whether this transaction is the one; SQLite lets no two write anyway."""
    if not is_postgresql():
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])
