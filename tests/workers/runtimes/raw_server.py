"""A server that says exactly what it is told, HTTP or not."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def speaking(answer: bytes, *, hang_up: bool = False) -> Iterator[str]:
    """The address of a server that says this once on every connection, after taking a whole request.

    Then it hangs up, or waits for its caller to do so; leaving the block fails when a caller never did.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        conversations: list[threading.Thread] = []
        threading.Thread(target=_serve, args=(listener, answer, hang_up, conversations), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    for conversation in conversations:
        conversation.join(5)
        assert not conversation.is_alive(), "the caller never hung up"


def _serve(
    listener: socket.socket, answer: bytes, hang_up: bool, conversations: list[threading.Thread]
) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:  # the listener is closed
            return
        conversation = threading.Thread(target=_converse, args=(connection, answer, hang_up), daemon=True)
        conversations.append(conversation)
        conversation.start()


def _converse(connection: socket.socket, answer: bytes, hang_up: bool) -> None:
    with connection, connection.makefile("rb") as received:
        length = 0
        while (line := received.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        received.read(length)  # closing with something unread would reset the connection
        with suppress(OSError):  # a caller may have heard enough before the end
            connection.sendall(answer)
            if not hang_up:
                received.read(1)
