"""The backend: Django's, but a new database file belongs to its owner only, whatever the umask says.

SQLite gives the files beside it (`-wal`, `-shm`) the rights of the database's own.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Makes a missing file before SQLite does."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A new connection; django.db.OperationalError when the file cannot be opened."""
        name = Path(conn_params["database"])
        if name.is_absolute() and not name.exists():
            with suppress(OSError):  # SQLite says it in the words that everybody expects
                name.parent.mkdir(mode=0o700, exist_ok=True)
                os.close(os.open(name, os.O_RDWR | os.O_CREAT, 0o600))
        return super().get_new_connection(conn_params)
