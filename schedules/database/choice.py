"""Which twin of a hot path runs: PostgreSQL's own statement, or the portable one beside it."""

from functools import cache

from django.db import connection


@cache
def is_postgresql() -> bool:
    """Whether the connection takes PostgreSQL's own statements."""
    return connection.vendor == "postgresql"
