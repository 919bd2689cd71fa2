"""The open connections of this process, kept a moment for the next call to the same server.

httpcore's own pool looks at every connection for every request, under one lock: at 1,000 calls in flight that
alone doubled the processor time of a call. Calls need less of it (HTTP/1.1, no upper bound: the worker's
threads are the bound), so only the idle connections are kept here. TLS trusts the agent's own CA certificates,
else those that `SSL_CERT_FILE` or `SSL_CERT_DIR` name, else the machine's.
"""

import threading
import time
from collections import deque
from dataclasses import dataclass, field

import httpcore2

from schedules.addresses import Policy
from workers.per_process import PerProcess
from workers.runtimes.http.proxies import TunnelBackend, proxy_at
from workers.runtimes.http.sockets import LimitedBackend
from workers.runtimes.http.tls import tls_context

KEEPALIVE_SECONDS = 1.9
"""An idle connection is dropped before common servers drop theirs (gunicorn: 2 s), so that a call rarely finds
it closed under its hands. Bursts and quick polls still share connections."""

MAX_IDLE = 100
"""Idle connections kept, over all servers."""


@dataclass(frozen=True, slots=True)
class Route:
    """How a server is reached: only calls with all of this in common may share a connection.

    `origin`: who is connected to (a proxy, for plain HTTP by one). `proxy`: its URL, or empty.
    `ca_pem`, `client_pem`: see `tls`. `addresses`: which ones may be called; None: those that agents may have.
    """

    origin: httpcore2.Origin
    proxy: str = field(default="", repr=False)
    ca_pem: str = field(default="", repr=False)
    client_pem: str = field(default="", repr=False)
    addresses: Policy | None = field(default=None, repr=False)


class Connections:
    """Lends connections; safe for any number of threads."""

    def __init__(self) -> None:
        self._tls = httpcore2.default_ssl_context()
        self._backend, self._backend_to_proxies = LimitedBackend(), LimitedBackend(is_judged=False)
        self._lock = threading.Lock()
        # In the order they came back, with the moment.
        self._idle: deque[tuple[Route, httpcore2.HTTPConnection, float]] = deque()

    def take(self, route: Route) -> httpcore2.HTTPConnection:
        """A connection by that route, for one request; it is given back in any case."""
        return self._taken(route) or self._new(route)

    def give_back(self, route: Route, connection: httpcore2.HTTPConnection) -> None:
        """Keep it if it still can take another request."""
        if connection.is_available() and _is_drained(connection):
            self._keep(route, connection)
        else:
            connection.close()

    def _new(self, route: Route) -> httpcore2.HTTPConnection:
        has_own_tls = route.ca_pem or route.client_pem
        return httpcore2.HTTPConnection(
            route.origin,
            ssl_context=tls_context(route.ca_pem, route.client_pem) if has_own_tls else self._tls,
            keepalive_expiry=KEEPALIVE_SECONDS,
            network_backend=self._backend_for(route),
        )

    def _backend_for(self, route: Route) -> httpcore2.NetworkBackend:
        if not route.proxy:
            return LimitedBackend(policy=route.addresses) if route.addresses else self._backend
        is_tunnel = route.origin.scheme == b"https"
        return TunnelBackend(proxy_at(route.proxy)) if is_tunnel else self._backend_to_proxies

    def _taken(self, route: Route) -> httpcore2.HTTPConnection | None:
        """The connection by that route that came back last and is still good."""
        while connection := self._pick(route):
            if not connection.has_expired():
                return connection
            connection.close()
        return None

    def _pick(self, route: Route) -> httpcore2.HTTPConnection | None:
        with self._lock:
            for index in reversed(range(len(self._idle))):
                if self._idle[index][0] == route:
                    connection = self._idle[index][1]
                    del self._idle[index]
                    return connection
        return None

    def _keep(self, route: Route, connection: httpcore2.HTTPConnection) -> None:
        now = time.monotonic()
        with self._lock:
            self._idle.append((route, connection, now))
            while len(self._idle) > MAX_IDLE or now - self._idle[0][2] > KEEPALIVE_SECONDS:
                self._idle.popleft()[1].close()


def _is_drained(connection: httpcore2.HTTPConnection) -> bool:
    """Nothing came after the answer: it would be taken for the answer to the next call, of another run.

    A server that counts characters instead of bytes in Content-Length is enough for that. httpcore has no
    public way to ask; when it loses the private one, no connection is kept, and calls cost a new one each.
    """
    try:
        return not connection._connection._h11_state.trailing_data[0]  # type: ignore[union-attr]  # noqa: SLF001
    except (AttributeError, TypeError, LookupError):
        return False


connections = PerProcess(Connections)
"""Those of this process, made at the first call (reading the certificates takes tens of milliseconds)."""
