"""A receiver of webhooks on a socket: it verifies with the package that receivers use, and answers as it is told."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


@dataclass(frozen=True)
class Answer:
    """What it says to a request; `is_held`: only once `go_on` is set."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    is_held: bool = False


@dataclass
class Receiver:
    """What came, oldest first: headers (names in lower case) and body."""

    url: str
    port: int
    answers: deque[Answer] = field(default_factory=lambda: deque([Answer()]))
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)

    def answer(self, *answers: Answer) -> None:
        """What it says to the next requests; the last answer stays."""
        self.answers = deque(answers)

    def next_answer(self) -> Answer:
        return self.answers.popleft() if len(self.answers) > 1 else self.answers[0]

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.requests]

    def verified(self, secret: str, index: int = -1) -> Any:
        """The document of a request whose signature is right by this secret; raises otherwise."""
        headers, body = self.requests[index]
        return Webhook(secret).verify(body, headers)


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    """A receiver that serves inside the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.requests.append((headers, body))
            answer = receiver.next_answer()
            if answer.is_held:
                receiver.go_on.wait(30)
            self.send_response(answer.status)
            for name, value in {"Content-Length": "0", **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        server.daemon_threads = True
        receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hook", server.server_port)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield receiver
        receiver.go_on.set()
        server.shutdown()
