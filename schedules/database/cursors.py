"""PostgreSQL's own words need its own cursor: parameters are bound by the server, not written into the statement."""

from typing import Any
from weakref import WeakSet

import psycopg
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.utils import CursorWrapper
from psycopg import errors
from psycopg.pq import Format, TransactionStatus

_CANNOT = (
    errors.FeatureNotSupported,  # a migration has changed a column of the answer
    errors.InvalidSqlStatementName,  # a pooler has put another server process behind the connection
    errors.DuplicatePreparedStatement,
)
"""What the server says, before it does anything, of a prepared statement it cannot carry out."""

_not_preparing: "WeakSet[psycopg.Connection[Any]]" = WeakSet()
"""Connections where that has happened."""


class _PreparingCursor(psycopg.Cursor[Any]):
    """Has the server keep the statement: it is parsed and planned once a connection, not once a call."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        if self.connection in _not_preparing:
            return super().execute(query, params, **options)
        self.connection.prepare_threshold = 0  # Django sets None: nothing is prepared that did not ask for it
        try:
            return super().execute(query, params, prepare=True, **options)
        except _CANNOT:
            _not_preparing.add(self.connection)
            if self.connection.info.transaction_status != TransactionStatus.IDLE:
                raise
        finally:
            self.connection.prepare_threshold = None
        return super().execute(query, params, **options)


def server_bound_cursor(*, is_binary: bool = False, is_prepared: bool = False) -> CursorWrapper:
    """A cursor on Django's connection, for one block, in its transaction if there is one.

    Errors and execute wrappers are Django's.
    `is_binary`: rows come in PostgreSQL's binary form, which is read faster. `is_prepared`: the server keeps the
    statement, unless ORQ_WITHOUT names `prepared`; for those of each run and request.
    """
    ours = connections[DEFAULT_DB_ALIAS]  # looked up once: `django.db.connection` would do so seven times
    ours.ensure_connection()
    is_prepared = is_prepared and settings.ORQ.uses("prepared")
    cursor: Any = (_PreparingCursor if is_prepared else psycopg.Cursor)(ours.connection)
    cursor.format = Format.BINARY if is_binary else Format.TEXT
    return ours.make_debug_cursor(cursor) if ours.queries_logged else ours.make_cursor(cursor)
