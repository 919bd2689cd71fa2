"""Whether the database takes writes; nothing is stored for it.

An UPDATE that matches no row is refused by a server that is read-only, by missing rights and missing tables, and
waits for whoever has locked the table. A sort that does not fit into memory needs room on the disk.
"""

import shutil
from pathlib import Path
from typing import Final

import psycopg
import structlog
from django.db import Error, connection, transaction

from schedules.database.choice import is_postgresql
from schedules.health import states
from schedules.models import NextFire, Run, Schedule

log = structlog.get_logger(__name__)

LOCK_WAIT: Final = "1500ms"
ROOM: Final = 1_000_000
"""Bytes; less than this is a full disk."""

_TABLES: Final = [model._meta.db_table for model in (Run, Schedule, NextFire)]
_BOUNDED: Final = (
    "SELECT set_config('lock_timeout', %s, true), set_config('statement_timeout', '4000ms', true), "
    "set_config('work_mem', '64kB', true), set_config('temp_tablespaces', '', true)"
)
_NEEDS_ROOM: Final = "SELECT count(*) FROM generate_series(1, %s)"
_ROW_BYTES: Final = 20
"""At least, in its temporary file."""

_NAMED: Final = {
    "25006": states.READ_ONLY,
    "53100": states.DISK_FULL,
    "55P03": states.LOCKED,
    "57014": states.LOCKED,
    "42P01": states.NOT_MIGRATED,
    "42703": states.NOT_MIGRATED,
    "42501": states.NO_PERMISSION,
}
_SQLITE: Final = {
    "readonly": states.READ_ONLY,
    "full": states.DISK_FULL,
    "locked": states.LOCKED,
    "no such": states.NOT_MIGRATED,
}


def database_state() -> str:
    """OK, or the state that keeps writes from being done."""
    try:
        _write()
    except Error as error:
        state = _state_of(error)
        log.warning("health.part_failed", part="database", state=state, error=str(error).strip()[:300])
        return state
    except OSError as error:
        log.warning("health.part_failed", part="database", state=states.FAILED, error=str(error))
        return states.FAILED
    return states.OK if is_postgresql() or _has_room() else states.DISK_FULL


def _write() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        if is_postgresql():
            cursor.execute(_BOUNDED, [LOCK_WAIT])
            cursor.execute(_NEEDS_ROOM, [ROOM // _ROW_BYTES])
        for table in _TABLES:
            cursor.execute(f"UPDATE {table} SET generation = generation WHERE 1 = 0")  # noqa: S608 - our own words


def _has_room() -> bool:
    """Of SQLite's folder; a database in memory needs none."""
    folder = Path(str(connection.settings_dict["NAME"])).parent
    return not folder.is_dir() or shutil.disk_usage(folder).free >= ROOM


def _state_of(error: Error) -> str:
    if not is_postgresql():
        return next((state for word, state in _SQLITE.items() if word in str(error)), states.FAILED)
    sqlstate = getattr(error.__cause__, "sqlstate", None)
    if sqlstate is None:
        return _why_no_connection()
    return _NAMED.get(sqlstate, states.FAILED)


def _why_no_connection() -> str:
    """The pool says only that it has none in time: asked past it, the server says why."""
    asked = {name: value for name, value in connection.get_connection_params().items() if name != "pool"}
    asked |= {"connect_timeout": 2, "target_session_attrs": "any"}
    try:
        with psycopg.connect(**asked) as direct:
            [read_only] = direct.execute("SHOW transaction_read_only").fetchone() or ["off"]
    except psycopg.Error:
        return states.UNREACHABLE
    return states.READ_ONLY if read_only == "on" else states.BUSY
