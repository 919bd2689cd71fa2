"""The backend: a connection from the pool works, also after a restart of PostgreSQL, and knowing that is cheap.

The pool's own check asks the server before every request. Here one that was used within the last second is only
looked at: whoever ends it (a restart, a crash, an administrator) makes its socket readable, and an idle one has
nothing to read. A line that was cut without a word can only be noticed by asking: all others are asked.
"""

import select
import time
from typing import Any, Final
from weakref import WeakKeyDictionary

import psycopg
from django.db.backends.postgresql import base
from psycopg.adapt import AdaptersMap

from orqsite.postgresql.instants import BoundedLoader

FRESH_SECONDS: Final = 1.0

_returned_at: "WeakKeyDictionary[psycopg.Connection[Any], float]" = WeakKeyDictionary()


class DatabaseWrapper(base.DatabaseWrapper):
    """Needs CONN_HEALTH_CHECKS = False where it has a pool: the check is made here."""

    def get_connection_params(self) -> dict[str, Any]:
        """Django's, with instants read whatever they are."""
        params: dict[str, Any] = super().get_connection_params()
        adapters = AdaptersMap(params["context"])
        adapters.register_loader("timestamptz", BoundedLoader)
        return params | {"context": adapters}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A new connection, or one of the pool that works; psycopg.OperationalError."""
        connection = super().get_new_connection(conn_params)
        while self.pool and not works(connection):
            connection.close()
            self.pool.putconn(connection)  # which throws a closed one away and opens another
            connection = super().get_new_connection(conn_params)
        return connection

    def close(self) -> None:
        """Give the connection back, or close it where there is no pool."""
        if self.connection is not None and self.pool:  # in this order: asking for the pool makes it
            _returned_at[self.connection] = time.monotonic()
        super().close()


def works(connection: "psycopg.Connection[Any]") -> bool:
    """Whether a connection that was idle can be used; asks the server if that was for long."""
    idle_since = _returned_at.get(connection)
    if idle_since is None:
        return True  # the pool has just opened it
    if time.monotonic() - idle_since < FRESH_SECONDS and not _has_something_to_read(connection):
        return True
    try:
        connection.execute("")
    except psycopg.OperationalError:
        return False
    return True


def _has_something_to_read(connection: "psycopg.Connection[Any]") -> bool:
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
