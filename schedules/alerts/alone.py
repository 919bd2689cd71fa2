"""One process at a time writes incidents: two would open one twice, tell it twice, or undo what the other wrote."""

from typing import Final

from django.db import connection

from schedules.database.choice import is_postgresql

LOCK: Final = 0x616C_6572_7473
"""Of PostgreSQL's advisory locks; "alerts" in ASCII."""


def alone() -> bool:
    """Whether this transaction is the one; it does not wait. SQLite lets no two write anyway."""
    return not is_postgresql() or _ask("pg_try_advisory_xact_lock") is True


def wait_until_alone() -> None:
    """Whoever else writes incidents ends first: that takes milliseconds."""
    if is_postgresql():
        _ask("pg_advisory_xact_lock")


def _ask(function: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [LOCK])
        return cursor.fetchone()[0]
