"""A small real mail server (RFC 5321): it keeps what it is given, or refuses as it is told."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message

GREETING, FINE, GO_ON, BYE = b"220 here\r\n", b"250 OK\r\n", b"354 go on\r\n", b"221 bye\r\n"


@dataclass
class MailServer:
    """Where it is, and what came: envelopes and messages, oldest first. `refusal`: what it says to recipients."""

    port: int
    refusal: bytes = b""
    envelopes: list[list[str]] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)


@contextmanager
def taking_mail() -> Iterator[MailServer]:
    """A mail server that serves inside the block."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(GREETING)
            recipients: list[str] = []
            while line := self.rfile.readline():
                verb = line[:4].upper()
                if verb == b"RCPT":
                    recipients.append(line.partition(b"<")[2].partition(b">")[0].decode())
                    self.wfile.write(server.refusal or FINE)
                elif verb == b"DATA":
                    self.wfile.write(GO_ON)
                    self._take(recipients)
                else:
                    self.wfile.write(BYE if verb == b"QUIT" else FINE)

        def _take(self, recipients: list[str]) -> None:
            lines: list[bytes] = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
            server.envelopes.append(recipients)
            server.messages.append(message_from_bytes(b"".join(lines)))
            self.wfile.write(FINE)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as listener:
        listener.daemon_threads = True
        server = MailServer(listener.server_address[1])
        threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        listener.shutdown()
