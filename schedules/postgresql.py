"""PostgreSQL's own words need its own cursor: parameters are bound by the server, not written into the statement."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection


@contextmanager
def server_bound_cursor() -> Iterator["psycopg.Cursor[Any]"]:
    """A cursor of psycopg's on Django's connection, in its transaction if there is one; errors are Django's."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        yield cursor
