"""A small real agent server: it answers like an agent, or misbehaves as it is told, and writes down every call.

In a test:               with AgentServer() as server: server.script("digest", Behaviour(status=503), Behaviour())
As a process of its own: python -m tests.agent_server --port 0 --log calls.jsonl   (prints its port first)

What an agent does is scripted per agent key: each POST takes the next behaviour, the last one stays. A process
is told with `POST /_script {"agent": "digest", "behaviours": [{"status": 503}, {}]}`; one request can bring its
own as JSON in `metadata.behaviour`. The log is append-only: one JSON object per request, written on arrival,
and one `{"event": "hangup"}` when a client leaves a call that was kept waiting. `GET /_calls` returns it.
A `POST …/<id>/cancel` is logged as `{"event": "cancel"}`. Nothing is filled in, and ids are as long and odd as
real ones, another one in each polled answer, as some gateways do.
With `--answers` also one `{"event": "answered"}` for each POST whose completed document was sent to its end.
"""

import argparse
import base64
import contextlib
import hashlib
import itertools
import json
import select
import signal
import socket
import ssl
import struct
import sys
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote, urlsplit

PENDING = ("queued", "in_progress")
MEGABYTE = bytes(1024 * 1024)


@dataclass(frozen=True)
class Behaviour:
    """What the agent does with one request; by default it answers at once, with the text that it got."""

    delay: float = 0.0
    """Seconds before anything is sent."""
    status: int = 200
    outcome: str = "completed"
    """The document's status; `queued` and `in_progress` become `completed` once `polls` are used up."""
    error: Any = None
    """The `error` of the document, or of the error body when `status` is not 2xx."""
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    """Sent instead of the document; to its end as it is written, in UTF-8."""
    events: bool = False
    """The document comes as an event stream, as asked or not."""
    merge: dict[str, Any] = field(default_factory=dict)
    """Members that replace those of the document; null removes one."""
    fault: str | None = None
    """One of FAULTS: misbehave on the wire instead of answering."""
    polls: tuple["Behaviour", ...] = ()
    """What the first GETs of this response meet; after them it is completed."""

    @property
    def is_success(self) -> bool:
        """Whether it is the document of completed work."""
        return (
            self.fault is None
            and self.body is None
            and 200 <= self.status < 300
            and self.outcome == "completed"
        )

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        return cls(**{**fields, "polls": tuple(cls.from_json(poll) for poll in fields.get("polls", ()))})


class AgentServer(ThreadingHTTPServer):
    """The server; `start` serves from a thread, `with` does that and stops at the end."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 1024

    def __init__(
        self,
        port: int = 0,
        log: Path | None = None,
        tls: ssl.SSLContext | None = None,
        *,
        logs_answers: bool = False,
        host: str = "127.0.0.1",
    ) -> None:
        super().__init__((host, port), AgentHandler)
        self.logs_answers = logs_answers
        self.stopping = threading.Event()
        self.connection_numbers = itertools.count(1)
        self.open_connections: set[socket.socket] = set()
        self._tls, self._log = tls, log
        self._lock = threading.Lock()
        self._entries: list[dict[str, Any]] = []
        self._scripts: dict[str, deque[Behaviour]] = {}
        self._responses: dict[str, tuple[dict[str, Any], deque[Behaviour]]] = {}

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.server_port}"

    def script(self, agent: str, *behaviours: Behaviour) -> None:
        """Set what the agent does with its next POSTs; the last behaviour stays."""
        with self._lock:
            self._scripts[agent] = deque(behaviours)

    def calls(self, agent: str | None = None, method: str = "POST") -> list[dict[str, Any]]:
        """The requests so far, oldest first."""
        entries = [entry for entry in self.entries() if entry.get("method") == method]
        return [entry for entry in entries if agent in (None, entry["agent"])]

    def entries(self) -> list[dict[str, Any]]:
        with self._lock:
            return list(self._entries)

    def record(self, **entry: Any) -> None:
        with self._lock:
            self._entries.append({"time": time.time(), **entry})
            if self._log:
                with self._log.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(self._entries[-1]) + "\n")

    def next_behaviour(self, agent: str) -> Behaviour:
        with self._lock:
            waiting = self._scripts.get(agent) or deque([Behaviour()])
            return waiting.popleft() if len(waiting) > 1 else waiting[0]

    def keep(self, document: dict[str, Any], polls: tuple[Behaviour, ...]) -> None:
        with self._lock:
            self._responses[document["id"]] = (document, deque(polls))

    def poll(self, response_id: str) -> tuple[dict[str, Any], Behaviour] | None:
        """The response and what this question about it meets; it is known by another id as well from then on."""
        with self._lock:
            document, polls = self._responses.get(response_id, (None, None))
            if document is None or polls is None:
                return None
            renamed = {**document, "id": long_id(response_id)}
            self._responses[renamed["id"]] = (renamed, polls)
            return renamed, polls.popleft() if polls else Behaviour()

    def start(self) -> Self:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop like a server that is killed: every open connection ends."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        for connection in list(self.open_connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def get_request(self) -> tuple[socket.socket, Any]:
        sock, address = super().get_request()
        if self._tls:  # the handshake happens at the first read, in the connection's own thread
            sock = self._tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        return sock, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # a client that left is no news
            super().handle_error(request, client_address)


class AgentHandler(BaseHTTPRequestHandler):
    """One connection of one client."""

    protocol_version = "HTTP/1.1"
    server: AgentServer

    def setup(self) -> None:
        super().setup()
        self.number = next(self.server.connection_numbers)
        self.server.open_connections.add(self.connection)

    def finish(self) -> None:
        self.server.open_connections.discard(self.connection)
        super().finish()

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        if self.path.startswith("/deaf"):
            return self.wait_for_hangup()
        body = self._body()
        if urlsplit(self.path).path.endswith("/cancel"):
            self.server.record(event="cancel", path=self.path)
            return self.send(200, b"{}")
        if self.path == "/_script":
            self.server.script(body["agent"], *map(Behaviour.from_json, body["behaviours"]))
            return self.send(200, b"{}")
        agent = str(body.get("model", "")).removeprefix("agent/").partition("@")[0]
        self._record(agent, body)
        own = (body.get("metadata") or {}).get("behaviour")
        behaviour = Behaviour.from_json(json.loads(own)) if own else self.server.next_behaviour(agent)
        document = _document(body, self.headers.get("Idempotency-Key", "none"))
        self.server.keep(document, behaviour.polls)
        return self._behave(behaviour, document)

    def do_GET(self) -> None:
        if self.path == "/_calls":
            return self.send(200, json.dumps(self.server.entries()).encode())
        polled = self.server.poll(unquote(urlsplit(self.path).path.rpartition("/")[2]))
        self._record(None, None)
        if polled is None:
            return self.send(404, b'{"error": {"code": "not_found", "message": "no such response"}}')
        document, behaviour = polled
        return self._behave(behaviour, document)

    def send(self, status: int, body: bytes, **headers: str) -> None:
        """A whole response; header names with underscores for dashes."""
        all_headers = {name.replace("_", "-"): value for name, value in headers.items()}
        all_headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **all_headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in all_headers.items())
        self.wfile.write(f"HTTP/1.1 {status} Told\r\n{lines}\r\n".encode("latin-1") + body)

    def wait_for_hangup(self) -> None:
        """Say nothing until the client leaves or the server stops."""
        self.trickle(itertools.repeat(b""), pause=0.02)

    def trickle(self, pieces: Iterator[bytes], pause: float) -> None:
        """Send piece by piece until they end, the client leaves, or the server stops."""
        self.close_connection = True
        try:
            for piece in pieces:
                self.wfile.write(piece)
                if self.server.stopping.wait(pause) or self._client_has_left():
                    break
        except OSError:
            pass
        self.server.record(event="hangup", path=self.path)

    def _client_has_left(self) -> bool:
        poll = select.poll()
        poll.register(self.connection, getattr(select, "POLLRDHUP", 0))  # a reset is reported anyway
        return bool(poll.poll(0))

    def _body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")

    def _record(self, agent: str | None, body: Any) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = {"agent": agent, "headers": headers, "body": body, "connection": self.number}
        self.server.record(method=self.command, path=self.path, **request)

    def _behave(self, behaviour: Behaviour, document: dict[str, Any]) -> None:
        if self.server.stopping.wait(behaviour.delay):
            return
        if behaviour.fault:
            self.close_connection = True
            FAULTS[behaviour.fault](self)
        elif behaviour.body is not None:
            self.send(behaviour.status, behaviour.body.encode(), **behaviour.headers)
        else:
            has_left = self._client_has_left()
            if behaviour.events:
                self.send(behaviour.status, _as_events(behaviour, document), Content_Type="text/event-stream")
            else:
                self.send(behaviour.status, _body_of(behaviour, document), **behaviour.headers)
            if behaviour.is_success and not has_left:
                self._record_answer()

    def _record_answer(self) -> None:
        if self.server.logs_answers and self.command == "POST":
            run_id, attempt = self.headers.get("Idempotency-Key"), self.headers.get("X-Run-Attempt")
            self.server.record(event="answered", run_id=run_id, attempt=attempt)


def _body_of(behaviour: Behaviour, document: dict[str, Any]) -> bytes:
    if not 200 <= behaviour.status < 300:
        return json.dumps({"error": behaviour.error}).encode()
    answered = {**document, "status": behaviour.outcome, "error": behaviour.error, **behaviour.merge}
    if behaviour.outcome in PENDING:
        answered["output"] = []
    return json.dumps({name: value for name, value in answered.items() if value is not None}).encode()


def _as_events(behaviour: Behaviour, document: dict[str, Any]) -> bytes:
    """The way to the same document, event by event; a line on the way says what a real one says."""
    final = json.loads(_body_of(behaviour, document))
    events = [
        {
            "type": "response.created",
            "response": {**final, "status": "in_progress", "output": [], "error": None},
        },
        {"type": "response.output_text.delta", "delta": '"type": "response.completed"'},
        {"type": f"response.{behaviour.outcome}", "response": final},
    ]
    return b"".join(b"data: %s\n\n" % json.dumps(event).encode() for event in events) + b"data: [DONE]\n\n"


def long_id(seed: str) -> str:
    """An id as gateways give them: long, with signs that a path does not take as they are."""
    digests = [hashlib.sha512(f"{number}{seed}".encode()).digest() for number in range(5)]
    return f"resp_{base64.b64encode(b''.join(digests) + b'x').decode()}"


def _document(body: dict[str, Any], key: str) -> dict[str, Any]:
    """A completed response: its text is the input as a reader sees it."""
    text = "\n".join(_texts(body.get("input")))
    trace = hashlib.sha256(key.encode()).hexdigest()
    return {
        "id": long_id(key),
        "object": "response",
        "model": body.get("model"),
        "output": [
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}
        ],
        "usage": {"input_tokens": len(text.split()), "output_tokens": len(text.split())},
        "telemetry": {"trace_id": trace[:32], "span_id": trace[32:48]},
    }


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        yield from _texts(value.get("content", value.get("text")))


def _reset(handler: AgentHandler) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def _endless_body(handler: AgentHandler, head: str, piece: bytes, pause: float = 0.0) -> None:
    handler.wfile.write(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode())
    handler.trickle(itertools.repeat(piece), pause)


def _gzip_bomb(handler: AgentHandler) -> None:
    """A kilobyte on the wire for each megabyte behind it, for ever."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
    packer = zlib.compressobj(9, wbits=31)
    handler.trickle((packer.compress(MEGABYTE) for _ in itertools.count()), 0)


FAULTS: dict[str, Callable[[AgentHandler], None]] = {
    "hang": AgentHandler.wait_for_hangup,
    "close": lambda handler: None,
    "reset": _reset,
    "garbage": lambda handler: handler.trickle(iter([b"\x16\x03 this is no HTTP\r\n\r\n"]), 0),
    "truncated": lambda handler: handler.send(200, b'{"id": "x', Content_Length="1000"),
    "slow_head": lambda handler: handler.trickle(
        (b for b in [b"HTTP/1.1 200 OK\r\nA: "] + [b"a"] * 10**6), 0.05
    ),
    "slow_body": lambda handler: _endless_body(handler, "Content-Length: 1000000", b" ", 0.05),
    "slow_interim": lambda h: h.trickle(itertools.repeat(b"HTTP/1.1 103 Early Hints\r\n\r\n"), 0.05),
    "interim_flood": lambda h: h.trickle(itertools.repeat(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000), 0),
    "huge_head": lambda h: h.trickle(
        itertools.chain([b"HTTP/1.1 200 OK\r\nA: "], itertools.repeat(b"a" * 4096)), 0
    ),
    "oversize": lambda handler: _endless_body(handler, f"Content-Length: {10**10}", MEGABYTE),
    "oversize_chunked": lambda handler: _endless_body(
        handler, "Transfer-Encoding: chunked", b"%x\r\n%s\r\n" % (len(MEGABYTE), MEGABYTE)
    ),
    "tiny_chunks": lambda h: _endless_body(h, "Transfer-Encoding: chunked", b"1;%s\r\n \r\n" % (b"x" * 900)),
    "gzip_bomb": _gzip_bomb,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--answers", action="store_true", help="log answers sent to their end, too")
    options = parser.parse_args()
    with AgentServer(options.port, options.log, logs_answers=options.answers, host=options.host) as server:
        signal.signal(signal.SIGTERM, lambda *_: server.stopping.set())
        print(server.server_port, flush=True)
        server.stopping.wait()


if __name__ == "__main__":
    main()
