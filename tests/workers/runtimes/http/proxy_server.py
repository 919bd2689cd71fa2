"""A small real HTTP proxy: it forwards, opens tunnels, and writes down what it was asked for."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class ProxyServer:
    """What a proxy saw. `answer`: said to everybody instead of doing anything. `hosts`: names only it can resolve."""

    url: str = ""
    answer: bytes = b""
    hosts: dict[str, str] = field(default_factory=dict)
    heads: list[str] = field(default_factory=list)


@contextmanager
def proxying(**behaviour: object) -> Iterator[ProxyServer]:
    """A proxy on a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = ProxyServer(f"http://127.0.0.1:{listener.getsockname()[1]}", **behaviour)  # type: ignore[arg-type]
        threading.Thread(target=_serve, args=(listener, proxy), daemon=True).start()
        yield proxy
        listener.shutdown(socket.SHUT_RDWR)


def _serve(listener: socket.socket, proxy: ProxyServer) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_relay, args=(connection, proxy), daemon=True).start()


def _relay(client: socket.socket, proxy: ProxyServer) -> None:
    with client, suppress(OSError):
        received = b""
        while b"\r\n\r\n" not in received:
            if not (data := client.recv(65536)):
                return
            received += data
        head = received.partition(b"\r\n\r\n")[0].decode("latin-1")
        proxy.heads.append(head)
        if proxy.answer:
            client.sendall(proxy.answer)
            client.recv(1)
            return
        method, target, _ = head.partition("\r\n")[0].split(" ")
        is_tunnel = method == "CONNECT"
        place = target if is_tunnel else target.removeprefix("http://").partition("/")[0]
        host, _, port = place.rpartition(":")
        with socket.create_connection((proxy.hosts.get(host, host), int(port))) as server:
            if is_tunnel:
                client.sendall(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")
            else:
                received = received.replace(target.encode(), target.partition(place)[2].encode(), 1)
                server.sendall(received)
            back = threading.Thread(target=_copy, args=(server, client), daemon=True)
            back.start()
            _copy(client, server)
            back.join(5)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
