"""PostgreSQL's own words need its own cursor: parameters are bound by the server, not written into the statement."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg.pq import Format


@contextmanager
def server_bound_cursor(*, is_binary: bool = False) -> Iterator[CursorWrapper]:
    """A cursor on Django's connection, in its transaction if there is one; errors and execute wrappers are Django's.

    `is_binary`: rows come in PostgreSQL's binary form, which is read faster.
    """
    connection.ensure_connection()
    cursor: Any = psycopg.Cursor(connection.connection)
    cursor.format = Format.BINARY if is_binary else Format.TEXT
    with connection.make_cursor(cursor) as wrapped:
        yield wrapped
