"""Instants that no datetime can hold: PostgreSQL has -infinity, infinity and years before 1 and after 9999.

One such value in one row must not make every answer that contains the row an error: it is read as the first or the
last instant there is.
"""

from datetime import UTC, datetime
from typing import Any, Final

from django.db.backends.postgresql.psycopg_any import BaseTzLoader
from psycopg import DataError

FIRST: Final = datetime.min.replace(tzinfo=UTC)
LAST: Final = datetime.max.replace(tzinfo=UTC)


class BoundedLoader(BaseTzLoader):  # type: ignore[misc]  # not in the stubs
    """Django's loader of a timestamptz, in UTC, for any value."""

    timezone = UTC

    def load(self, data: Any) -> Any:
        """The instant, or the nearest that a datetime can hold."""
        try:  # as it mostly comes, which the driver takes ten times as long to read
            instant = datetime.fromisoformat(str(data, "ascii"))
            if instant.tzinfo is UTC:
                return instant
        except ValueError:
            pass
        return self._any(data)

    def _any(self, data: Any) -> datetime:
        try:
            instant: datetime = super().load(data)
            return instant
        except DataError:
            text = bytes(data)
            return FIRST if text.startswith(b"-") or text.endswith(b"BC") else LAST
