"""The worker class of gunicorn's: its master and its signals, the sockets read by waitress.

gunicorn's own threads each read one connection at a time: as many clients as there are threads, sending a byte
each, keep everybody else out. Here one loop reads all connections, and a thread is taken by a whole request only.
"""

import os
import socket
from importlib import import_module
from typing import Any, Final

from django.conf import settings
from gunicorn.workers.base import Worker  # type: ignore[import-untyped]  # it has no types
from waitress import wasyncore
from waitress.task import ThreadedTaskDispatcher

from orqsite.web.listening import TcpListener, UnixListener, drain, limits
from orqsite.web.reading import Connection

LOOP_SECONDS: Final = 1.0


class WakeUp(wasyncore.file_dispatcher):  # type: ignore[misc]  # it has no types
    """The pipe that a signal writes to, so that the loop looks up at once."""

    def writable(self) -> bool:
        """Nothing is written to it."""
        return False

    def handle_read(self) -> None:
        """Empty it."""
        self.recv(4096)


class WholeRequests(Worker):  # type: ignore[misc]  # it has no types
    """Reads every connection in one loop; `--threads` threads answer whole requests."""

    def run(self) -> None:
        """Serve until a signal, the master's end or --max-requests; then answer what has arrived."""
        alerts = import_module("workers.delivering.sender")  # needs models, which there are by now
        alerts.begin()
        import_module("workers.alerting").stand_in()
        self._map: dict[int, Any] = {}
        wake_up = WakeUp(self.PIPE[0], map=self._map)
        dispatcher = ThreadedTaskDispatcher()
        dispatcher.set_thread_count(self.cfg.threads)
        self._listeners = [self._listener(each, dispatcher) for each in self.sockets]
        while self.alive and self._has_parent():
            self._look()
        alerts.end()
        for listener, bound in zip(self._listeners, self.sockets, strict=True):
            listener.handle_accept()  # who has come just now
            listener.del_channel()
            bound.sock.close()  # or the kernel lets in whom nobody will answer
        drain(self._connections, self._look, self.cfg.graceful_timeout)
        dispatcher.shutdown(timeout=1)
        wake_up.del_channel()

    def _listener(self, bound: Any, dispatcher: ThreadedTaskDispatcher) -> Any:
        kind = UnixListener if bound.sock.family == socket.AF_UNIX else TcpListener
        listener = kind(
            self.wsgi,
            map=self._map,
            _sock=bound.sock,
            dispatcher=dispatcher,
            adj=limits(settings.ORQ.max_body_bytes, self.cfg.backlog),
            sockinfo=(bound.sock.family, bound.sock.type, None, None),
            bind_socket=False,
            _start=False,
        )
        listener.idle_seconds = self.cfg.keepalive
        listener.note_request = self._note_request
        listener.accept_connections()
        return listener

    def _note_request(self) -> None:
        self.nr += 1
        if self.nr >= self.max_requests:
            self.alive = False

    def _look(self) -> None:
        self.notify()
        wasyncore.loop(timeout=LOOP_SECONDS, use_poll=True, map=self._map, count=1)

    def _connections(self) -> list[Connection]:
        return [each for listener in self._listeners for each in listener.active_channels.values()]

    def _has_parent(self) -> bool:
        return bool(self.ppid == os.getppid())
