"""One agent call over HTTP: its connection, its deadline, its abort, its answer in bytes."""
