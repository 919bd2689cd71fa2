"""A line in PostgreSQL's own words: one prepared INSERT, since each edit pays for it."""

from collections.abc import Mapping
from typing import Any, Final

from schedules.database.cursors import server_bound_cursor

ACTOR_COLUMNS: Final = ("actor_kind", "actor_id", "actor_name", "address", "batch_id")
_COLUMNS: Final = (
    *("id", *ACTOR_COLUMNS, "workspace_id", "agent_id", "verb", "object_type"),
    *("object_id", "object_name"),
    *("changes", "generation", "revision", "discarded_count"),
)
_INSERT: Final = (
    f"INSERT INTO schedules_journalentry ({', '.join(_COLUMNS)}) "  # noqa: S608 - our own words
    f"VALUES ({', '.join(f'%({name})s' for name in _COLUMNS)})"
)


def insert(values: Mapping[str, Any]) -> None:
    """Add the line; `changes` as JSON text."""
    with server_bound_cursor(is_prepared=True) as cursor:
        cursor.execute(_INSERT, {name: _as_text(value) for name, value in values.items()})


def _as_text(value: object) -> str | None:
    """The server infers each type, so that numbers of every length, and none, are the same statement."""
    return None if value is None else str(value)
