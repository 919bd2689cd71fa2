"""A real HTTP server in a thread that writes down every request, the base of what stands in for a model's maker."""

import json
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from orqsite.embedded.ports import LOOPBACK

Headers = dict[str, str]


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came, names of headers in lower case."""

    method: str
    path: str
    """With its query, still percent-encoded."""
    headers: Headers
    raw: bytes
    received_at: float = field(default_factory=time.monotonic)

    @property
    def body(self) -> Any:
        """The body as JSON; None when it is none."""
        try:
            return json.loads(self.raw)
        except ValueError:
            return None


class Recorder(ThreadingHTTPServer):
    """Hands each request, once it is written down, to `respond`; listens on a free loopback port inside `with`."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, respond: Callable[["Exchange"], None]) -> None:
        super().__init__((LOOPBACK, 0), Exchange)
        self.respond = respond
        self._lock = threading.Lock()
        self._received: list[Received] = []
        self._connections: set[socket.socket] = set()

    @property
    def url(self) -> str:
        """The origin."""
        return f"http://{LOOPBACK}:{self.server_port}"

    def received(self, method: str = "POST", path: str = "") -> list[Received]:
        """The requests so far whose path begins with `path`, oldest first."""
        with self._lock:
            everything = list(self._received)
        return [each for each in everything if each.method == method and each.path.startswith(path)]

    def forget(self) -> None:
        """Start a new list."""
        with self._lock:
            self._received.clear()

    def write_down(self, received: Received) -> None:
        """Add to the list."""
        with self._lock:
            self._received.append(received)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.shutdown()
        self.server_close()
        for connection in list(self._connections):  # kept alive, they would go on being answered
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, then serve it in a thread of its own."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget it, then close it."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that left is no news."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class Exchange(BaseHTTPRequestHandler):
    """One connection of one client."""

    protocol_version = "HTTP/1.1"
    server: Recorder
    received: Received

    def log_message(self, *_: Any) -> None:
        """The list is the log."""

    def do_GET(self) -> None:
        """Polls."""
        self._take()

    def do_POST(self) -> None:
        """Calls."""
        self._take()

    def do_CONNECT(self) -> None:
        """What a client says to a proxy that it wants a tunnel from."""
        self._take()

    def _take(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        raw = self.rfile.read(int(headers.get("content-length", 0)))
        self.received = Received(self.command, self.path, headers, raw)
        self.server.write_down(self.received)
        self.server.respond(self)

    def answer(self, status: int, body: Any, headers: Headers | None = None) -> None:
        """A whole answer: JSON, or bytes as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        fixed = {"Content-Type": "application/json", "Content-Length": str(len(content))}
        self._begin(status, fixed | (headers or {}))
        self.wfile.write(content)

    def stream(self, pieces: list[bytes], headers: Headers | None = None, pause: float = 0.0) -> None:
        """An event stream, chunk by chunk; the connection stays usable."""
        fixed = {"Content-Type": "text/event-stream; charset=utf-8", "Transfer-Encoding": "chunked"}
        self._begin(200, fixed | (headers or {}))
        for piece in pieces:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()
            time.sleep(pause)
        self.wfile.write(b"0\r\n\r\n")

    def _begin(self, status: int, headers: Headers) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
