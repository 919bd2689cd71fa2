"""Whether a connection of the pool works, also after a restart of PostgreSQL; knowing that is cheap.

The pool's own check asks the server before every request. Here one that was used within the last second is only
looked at: whoever ends it (a restart, a crash, an administrator) makes its socket readable, and an idle one has
nothing to read. A line that was cut without a word can only be noticed by asking: all others are asked.
"""

import select
import time
from typing import Any, Final
from weakref import WeakKeyDictionary

import psycopg

FRESH_SECONDS: Final = 1.0

_given_back_at: "WeakKeyDictionary[psycopg.Connection[Any], float]" = WeakKeyDictionary()


def given_back(connection: "psycopg.Connection[Any]") -> None:
    """It is idle from now on."""
    _given_back_at[connection] = time.monotonic()


def works(connection: "psycopg.Connection[Any]") -> bool:
    """Whether a connection that was idle can be used; asks the server if that was for long."""
    idle_since = _given_back_at.get(connection)
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
