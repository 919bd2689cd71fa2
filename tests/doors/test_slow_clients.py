"""Slow, silent and greedy clients of the web process keep nobody else out."""

import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from orqsite.web.listening import LOOK_SECONDS, OTHER_DESCRIPTORS
from tests.doors.web import Web, read_answer
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes]

HEAD = (
    b"POST /v3/agents HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
)
MEGABYTE = b"x" * 1024 * 1024
KEPT_OUT = 5.0
"""Seconds; who waits for a slow client to be let go waits for half a minute."""


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with Web(tmp_path_factory.mktemp("web")) as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def many_descriptors() -> Iterator[None]:
    """Two processes' worth of sockets in this one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def crowd(web: Web, size: int, words: bytes, crowded: ExitStack) -> list[socket.socket]:
    """As many connections, each of which has sent the same few bytes."""
    connections = [crowded.enter_context(web.connected()) for _ in range(size)]
    for each in connections:
        each.sendall(words)
    return connections


@pytest.mark.parametrize(
    "words",
    [HEAD[:1], HEAD[: len(HEAD) // 2], HEAD + b'{"key": "half'],
    ids=["one byte", "half a head", "half a body"],
)
def test_forty_clients_that_stop_in_the_middle_keep_nobody_out(web: Web, words: bytes) -> None:
    with ExitStack() as crowded:
        crowd(web, 40, words, crowded)

        assert max(web.seconds_of_health() for _ in range(20)) < KEPT_OUT


def test_2300_clients_that_say_nothing_keep_nobody_out(web: Web) -> None:
    with ExitStack() as crowded:
        crowd(web, 2300, b"", crowded)

        assert max(web.seconds_of_health() for _ in range(20)) < KEPT_OUT


def test_clients_beyond_the_most_that_are_held_keep_nobody_out(tmp_path: Path) -> None:
    few = f"ulimit -n {OTHER_DESCRIPTORS + 100}"
    with Web(tmp_path, few) as web, ExitStack() as crowded:
        crowd(web, 600, b"", crowded)

        assert max(web.seconds_of_health() for _ in range(20)) < KEPT_OUT


def test_who_never_ends_a_request_is_let_go(web: Web) -> None:
    with web.connected() as connection:
        connection.sendall(HEAD[:10])
        stop = threading.Event()
        feeder = threading.Thread(target=trickle, args=(connection, stop))
        feeder.start()

        wait_for(lambda: is_closed(connection), 45, "the connection to be closed")

        stop.set()
        feeder.join()


def trickle(connection: socket.socket, stop: threading.Event) -> None:
    """A byte of a header each half second, for ever."""
    with suppress(OSError):
        while not stop.wait(0.5):
            connection.sendall(b"a")


def is_closed(connection: socket.socket) -> bool:
    connection.settimeout(0.2)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


@pytest.mark.parametrize("path", ["/console/login/", "/healthz", "/nope", "/v3/agents"])
def test_an_upload_is_refused_before_it_is_read(web: Web, path: str) -> None:
    with web.connected() as connection:
        connection.sendall(upload(path, 200 * len(MEGABYTE)))

        status, document = read_answer(connection)

    assert (status, document["error"]["code"]) == (413, "payload_too_large")
    assert list(web.temporary.iterdir()) == []


@pytest.mark.parametrize("path", ["/console/login/", "/healthz", "/nope", "/v3/agents"])
def test_not_even_a_small_file_is_taken(web: Web, path: str) -> None:
    part = b'--edge\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nx\r\n--edge--\r\n'

    status, document = web.exchange(upload(path, len(part)) + part)

    assert (status, document["error"]["code"]) == (415, "unsupported_media_type")
    assert list(web.temporary.iterdir()) == []


def test_a_client_that_asks_first_is_not_told_to_go_on(web: Web) -> None:
    head = upload("/nope", 200 * len(MEGABYTE)).replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")

    status, _ = web.exchange(head)

    assert status == 413


def test_a_body_of_unannounced_length_is_read_no_further_than_the_limit(web: Web) -> None:
    chunks = b"100000\r\n" + MEGABYTE + b"\r\n"
    head = HEAD.replace(b"Content-Length: 1000", b"Transfer-Encoding: chunked")

    with web.connected() as connection:
        connection.sendall(head + chunks)
        assert read_answer(connection)[0] == 413


def upload(path: str, size: int) -> bytes:
    """The head of a form with a file in it, as a browser sends one that has the console's cookie."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Cookie: csrftoken={'c' * 32}",
        "Content-Type: multipart/form-data; boundary=edge",
        f"Content-Length: {size}",
        "Connection: close",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 40_000 + b"\r\n\r\n", 431),
    ],
    ids=["no request", "no header", "unknown coding", "negative length", "long head"],
)
def test_what_no_view_ever_sees_is_answered_in_the_contracts_form(
    web: Web, request_: bytes, status: int
) -> None:
    answered, document = web.exchange(request_)

    assert answered == status
    assert document["error"]["code"] == "invalid_request_body"
    assert set(document["error"]) == {"code", "message", "type", "param", "doc_url"}


def test_a_client_of_a_kept_connection_is_answered_while_the_process_stops(tmp_path: Path) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with Web(tmp_path) as web, web.connected() as kept:
        kept.sendall(request)
        assert read_answer(kept)[0] == 200

        stopping = threading.Thread(target=web.child.stop, kwargs={"grace_seconds": 10})
        stopping.start()
        kept.sendall(request)

        assert read_answer(kept)[0] == 200
        stopping.join()
        assert web.child.process.returncode == 0


def test_who_comes_while_the_process_stops_is_answered_or_refused_at_once(tmp_path: Path) -> None:
    """A proxy goes elsewhere with what was refused. In the moment itself one may be let in and cut off."""
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    cut_off: list[float] = []
    was_refused = False
    with Web(tmp_path) as web, web.connected() as kept:
        kept.sendall(request)
        assert read_answer(kept)[0] == 200

        stopping = threading.Thread(target=web.child.stop, kwargs={"grace_seconds": 10})
        stopping.start()
        while stopping.is_alive():
            came_at = time.monotonic()
            said = _said_to(web, request)
            was_refused = was_refused or said == b"refused"
            if not said:
                cut_off.append(time.monotonic() - came_at)

    assert was_refused
    assert len(cut_off) <= 1
    assert all(seconds < LOOK_SECONDS for seconds in cut_off)


def _said_to(web: Web, request: bytes) -> bytes:
    """How the answer begins; nothing where the connection was cut off."""
    try:
        with web.connected() as connection:
            connection.sendall(request)
            return connection.recv(12)
    except ConnectionRefusedError:
        return b"refused"
    except ConnectionError:
        return b""
