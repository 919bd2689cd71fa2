"""The database's clock: due-ness and leases of all processes are judged by this one."""

from datetime import UTC, datetime

from django.db import connection

from schedules.database.choice import is_postgresql


def database_now() -> datetime:
    """The database server's time, aware UTC; inside a transaction too it is the time of this statement.

    SQLite has no server: there the machine's clock, which its processes share, is the same clock.
    """
    if not is_postgresql():
        return datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        instant: datetime = cursor.fetchone()[0]
    return instant.astimezone(UTC)
