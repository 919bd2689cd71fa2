"""PostgreSQL's own words need its own cursor: parameters are bound by the server, not written into the statement."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg import errors
from psycopg.pq import Format

_FORGOTTEN = (errors.FeatureNotSupported, errors.InvalidSqlStatementName)
"""The server cannot carry out what was prepared: a migration changed a column, or a pooler the server process."""


class _Cursor(psycopg.Cursor[Any]):
    """Carries out each statement once, as it comes."""

    prepares: ClassVar[bool] = False

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        return super().execute(query, params, prepare=self.prepares, **options)


class _PreparingCursor(_Cursor):
    """Has the server keep the statement: it is parsed and planned once a connection, not once a call."""

    prepares = True

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        try:
            return super().execute(query, params, **options)
        except _FORGOTTEN:
            self.connection.close()  # the next one prepares anew; the pool throws this one away
            raise


@contextmanager
def server_bound_cursor(*, is_binary: bool = False, is_prepared: bool = False) -> Iterator[CursorWrapper]:
    """A cursor on Django's connection, in its transaction if there is one; errors and execute wrappers are Django's.

    `is_binary`: rows come in PostgreSQL's binary form, which is read faster. `is_prepared`: the server keeps the
    statement, unless ORQ_DATABASE_PREPARED is off; for those of each run and request.
    """
    connection.ensure_connection()
    cursor: Any = (_PreparingCursor if is_prepared else _Cursor)(connection.connection)
    cursor.format = Format.BINARY if is_binary else Format.TEXT
    with connection.make_cursor(cursor) as wrapped:
        yield wrapped
