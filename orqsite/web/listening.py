"""The listening sockets of one web process, and the connections it holds."""

import resource
import time
from collections.abc import Callable
from typing import Any, Final

from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer, UnixWSGIServer

from orqsite.web.reading import Connection

MOST_CONNECTIONS: Final = 4000
"""Each look at the sockets costs about a microsecond a connection."""

OTHER_DESCRIPTORS: Final = 200
"""What the process needs descriptors for beside connections: database, broker, logs, files."""

ANSWER_BYTES: Final = 1024 * 1024
"""What may wait of an answer for its client; a longer one is made no faster than it is read."""

ACCEPTED_AT_ONCE: Final = 64
HEAD_BYTES: Final = 32 * 1024
LOOK_SECONDS: Final = 1


class Listener:
    """What is ours of a listening socket, of either kind."""

    channel_class = Connection
    adj: Any
    active_channels: dict[int, Connection]
    idle_seconds = 2.0
    note_request: Callable[[], None]

    def maintenance(self, now: float) -> None:
        """End the connections that have had their time."""
        for connection in list(self.active_channels.values()):
            if connection.is_overdue(now, self.idle_seconds):
                connection.handle_close()

    def handle_accept(self) -> None:
        """Take the connections that have come, several a look: a look costs more the more there are."""
        for _ in range(ACCEPTED_AT_ONCE):
            before = len(self.active_channels)
            self._accept_one()
            if len(self.active_channels) <= before:
                return

    def _accept_one(self) -> None:
        """In place of the one that has kept us waiting longest, when there are too many."""
        if len(self.active_channels) >= self.adj.connection_limit - ACCEPTED_AT_ONCE:
            self._end_the_longest_waiting()
        super().handle_accept()  # type: ignore[misc]  # of the class beside this one

    def _end_the_longest_waiting(self) -> None:
        waiting = [each for each in self.active_channels.values() if each.is_waiting]
        if waiting:
            min(waiting, key=_waits_since).handle_close()

    def add_task(self, task: Connection) -> None:
        """A request is whole."""
        self.note_request()
        super().add_task(task)  # type: ignore[misc]  # of the class beside this one


class TcpListener(Listener, TcpWSGIServer):  # type: ignore[misc]  # it has no types
    """A TCP socket."""


class UnixListener(Listener, UnixWSGIServer):  # type: ignore[misc]  # it has no types
    """A Unix socket."""


def _waits_since(connection: Connection) -> float:
    return (
        connection.owing_since
        if connection.is_fresh
        else max(connection.owing_since, connection.last_activity)
    )


def limits(body_bytes: int, backlog: int) -> Adjustments:
    """What a request may be, and how many connections there may be."""
    return Adjustments(
        asyncore_use_poll=True,
        backlog=backlog,
        channel_request_lookahead=0,
        cleanup_interval=LOOK_SECONDS,
        clear_untrusted_proxy_headers=False,  # whose words count is settled by ORQ_HTTPS and ORQ_TRUSTED_PROXIES
        connection_limit=most_connections(),
        ident="",
        inbuf_overflow=body_bytes + 2,  # never reached: no body is written to a file
        outbuf_high_watermark=ANSWER_BYTES,
        outbuf_overflow=4 * ANSWER_BYTES,
        max_request_body_size=body_bytes + 1,  # the first size that is refused
        max_request_header_size=HEAD_BYTES,
    )


def most_connections() -> int:
    """As many as the process may hold descriptors for, up to a bound."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if soft < 0 else max(50, min(MOST_CONNECTIONS, soft - OTHER_DESCRIPTORS))


def drain(connections: Callable[[], list[Connection]], look: Callable[[], None], seconds: float) -> None:
    """Answer what has arrived, then let go: who was just answered at once, who is silent after a moment.

    The moment is for a request that a client is sending just now on a connection it was told is kept alive.
    """
    stopped_at = time.time()
    while (held := connections()) and time.time() < stopped_at + seconds:
        for connection in held:
            is_answered = connection.last_activity > stopped_at
            if connection.is_waiting and (is_answered or time.time() > stopped_at + LOOK_SECONDS):
                connection.handle_close()
        look()
