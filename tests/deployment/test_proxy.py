"""The proxy's file in a real nginx, in front of a real web process."""

import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from http.client import HTTPException, HTTPResponse
from pathlib import Path

import httpx2
import pytest

from orqsite.embedded.children import Child
from orqsite.embedded.ports import LOOPBACK, free_port
from tests.doors.web import ROOT, Web
from tests.servers.debian import unpacked
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.nginx]

CONFIGURATION = (ROOT / "deploy/proxy/nginx.conf").read_text()
SLOW = 400


def nginx() -> str:
    """The one on the path, else Debian's, unpacked and not installed."""
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    return found or str(unpacked("nginx") / "usr/sbin/nginx")


class Proxy:
    """nginx with the shipped file; only its addresses and its folder are this test's own."""

    def __init__(
        self, folder: Path, web: Web, believed: str = "10.0.0.0/8", location: str = "location / {"
    ) -> None:
        self.port = free_port()
        self.probe = "/healthz"
        self.temporary = folder
        self._text = (
            CONFIGURATION.replace("server web:8000", f"server {LOOPBACK}:{web.port}")
            .replace("listen 8080", f"listen {LOOPBACK}:{self.port}")
            .replace("10.0.0.0/8", believed)
            .replace("location / {", location)
            .replace("/tmp/", f"{folder}/")  # noqa: S108 - the file's own
        )

    def start(self, stack: ExitStack) -> None:
        file = self.temporary / "nginx.conf"
        file.write_text(self._text)
        program = nginx()
        user = " user root;" if os.getuid() == 0 else ""  # it may not enter this folder as another one
        command = [program, "-e", "stderr", "-c", str(file), "-g", f"daemon off;{user}"]
        subprocess.run([*command, "-t"], check=True)
        log = stack.enter_context((self.temporary / "nginx.log").open("ab"))
        stack.callback(Child(command, env=os.environ, cwd=ROOT, output=log).kill)
        wait_for(self.answers, 20, "nginx")

    def answers(self) -> bool:
        with suppress(OSError, HTTPException):
            return self.exchange(f"GET {self.probe} HTTP/1.1\r\nHost: x\r\n\r\n".encode())[0] == 200
        return False

    def connected(self) -> socket.socket:
        return socket.create_connection((LOOPBACK, self.port), timeout=20)

    def exchange(self, request: bytes) -> tuple[int, bytes]:
        with self.connected() as connection:
            connection.sendall(request)
            answer = HTTPResponse(connection)
            answer.begin()
            return answer.status, answer.read()


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    web = Web(tmp_path_factory.mktemp("web"))
    web.environment["ORQ_TRUSTED_PROXIES"] = LOOPBACK
    with web:
        yield web


@pytest.fixture(scope="module")
def proxy(web: Web, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with ExitStack() as stack:
        proxy = Proxy(tmp_path_factory.mktemp("proxy"), web)
        proxy.start(stack)
        yield proxy


def test_slow_and_silent_clients_keep_nobody_waiting(proxy: Proxy) -> None:
    with ExitStack() as stack:
        for number in range(SLOW):
            client = stack.enter_context(proxy.connected())
            client.sendall(
                (b"", b"G", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1")[number % 3]
            )

        started = time.monotonic()
        status, _ = proxy.exchange(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")

    assert status == 200
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("size", [300_000, 5_000_000])
def test_a_body_that_is_too_large_is_refused_and_kept_nowhere(proxy: Proxy, web: Web, size: int) -> None:
    head = f"POST /v3/agents/a/schedules HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n"
    with proxy.connected() as connection:
        connection.sendall(head.encode())
        sender = threading.Thread(target=_send_all, args=(connection, size))
        sender.start()
        answer = HTTPResponse(connection)
        answer.begin()
        assert answer.status == 413
        if size < 1_000_000:
            assert json.loads(answer.read())["error"]["type"] == "invalid_request_error"
    sender.join(20)
    assert list(web.temporary.iterdir()) == []
    assert [
        path for path in proxy.temporary.rglob("*") if path.is_file() and path.stat().st_size > 100_000
    ] == []


def _send_all(connection: socket.socket, size: int) -> None:
    try:
        connection.sendall(b"x" * size)
    except OSError:
        return  # it was told to stop


@pytest.mark.parametrize("is_behind_another", [False, True])
def test_a_client_cannot_name_itself_and_a_proxy_in_front_names_it(
    web: Web, tmp_path: Path, is_behind_another: bool
) -> None:
    with ExitStack() as stack:
        proxy = Proxy(tmp_path, web, "127.0.0.0/8" if is_behind_another else "10.0.0.0/8")
        proxy.start(stack)
        client = stack.enter_context(httpx2.Client(base_url=f"http://{LOOPBACK}:{proxy.port}"))
        forged = {"X-Forwarded-For": f"203.0.113.{int(is_behind_another)}"}
        page = client.get("/console/login/", headers=forged)
        token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[0]
        form = {"csrfmiddlewaretoken": token, "username": "nobody", "password": "guess-guess-guess"}

        refused = client.post("/console/login/", data=form, headers=forged)

    assert refused.status_code == 200
    wait_for(lambda: "login.failed" in web.log(), 10, "the log")
    addresses = re.findall(r'"address": "([0-9.]+)"', web.log())
    assert addresses[-1] == (forged["X-Forwarded-For"] if is_behind_another else LOOPBACK)
