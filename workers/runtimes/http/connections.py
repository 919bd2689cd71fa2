"""The open connections of this process, kept a moment for the next call to the same server.

httpcore's own pool looks at every connection for every request, under one lock: at 1,000 calls in flight that
alone doubled the processor time of a call. Calls need less of it (HTTP/1.1, no upper bound: the worker's
threads are the bound), so only the idle connections are kept here. TLS trusts the machine's certificates, or
those that `SSL_CERT_FILE` or `SSL_CERT_DIR` name.
"""

import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

import httpcore2

from workers.runtimes.http.sockets import LimitedBackend

KEEPALIVE_SECONDS = 1.9
"""An idle connection is dropped before common servers drop theirs (gunicorn: 2 s), so that a call rarely finds
it closed under its hands. Bursts and quick polls still share connections."""

MAX_IDLE = 100
"""Idle connections kept, over all servers."""


class Connections:
    """Lends connections; safe for any number of threads."""

    def __init__(self) -> None:
        self._tls = httpcore2.default_ssl_context()
        self._backend = LimitedBackend()
        self._lock = threading.Lock()
        self._idle: deque[httpcore2.HTTPConnection] = deque()  # in the order they came back

    @contextmanager
    def lend(self, origin: httpcore2.Origin) -> Iterator[httpcore2.HTTPConnection]:
        """A connection to that server, for one request; kept afterwards if it still can take another."""
        connection = self._take(origin) or self._new(origin)
        try:
            yield connection
        finally:
            if connection.is_available() and _is_drained(connection):
                self._keep(connection)
            else:
                connection.close()

    def _new(self, origin: httpcore2.Origin) -> httpcore2.HTTPConnection:
        return httpcore2.HTTPConnection(
            origin,
            ssl_context=self._tls,
            keepalive_expiry=KEEPALIVE_SECONDS,
            network_backend=self._backend,
        )

    def _take(self, origin: httpcore2.Origin) -> httpcore2.HTTPConnection | None:
        """The connection to that server that came back last and is still good."""
        while connection := self._pick(origin):
            if not connection.has_expired():
                return connection
            connection.close()
        return None

    def _pick(self, origin: httpcore2.Origin) -> httpcore2.HTTPConnection | None:
        with self._lock:
            for connection in reversed(self._idle):
                if connection.can_handle_request(origin):
                    self._idle.remove(connection)
                    return connection
        return None

    def _keep(self, connection: httpcore2.HTTPConnection) -> None:
        with self._lock:
            self._idle.append(connection)
            while self._idle and (len(self._idle) > MAX_IDLE or self._idle[0].has_expired()):
                self._idle.popleft().close()


def _is_drained(connection: httpcore2.HTTPConnection) -> bool:
    """Nothing came after the answer: it would be taken for the answer to the next call, of another run.

    A server that counts characters instead of bytes in Content-Length is enough for that. httpcore has no
    public way to ask.
    """
    http = connection._connection  # noqa: SLF001
    return isinstance(http, httpcore2.HTTP11Connection) and not http._h11_state.trailing_data[0]  # noqa: SLF001


_lock = threading.Lock()
_shared: Connections | None = None


def connections() -> Connections:
    """Those of this process, made at the first call (reading the certificates takes tens of milliseconds)."""
    global _shared
    with _lock:
        if _shared is None:
            _shared = Connections()
        return _shared


def _start_afresh() -> None:
    """A forked child must not write to its parent's connections, nor wait for a lock nobody will release."""
    global _shared, _lock
    _shared, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)
