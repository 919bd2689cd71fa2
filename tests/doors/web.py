"""A web process started as `up` starts it, and clients that are slow, silent or greedy."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, Self

from orqsite.embedded.children import Child
from orqsite.embedded.ports import LOOPBACK, free_port
from orqsite.embedded.service import WEB_OPTIONS
from tests.processes.databases import migrated_database
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]


class Web:
    """The web process of `up`, with a temp folder of its own."""

    def __init__(self, folder: Path, before: str = "true", address: str = LOOPBACK) -> None:
        """`before`: what a shell does first, such as lowering a limit. `address`: where it listens."""
        self._before, self._address = before, address
        self.port = free_port()
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.environment = os.environ | {
            "DATABASE_URL": migrated_database("sqlite", folder),
            "ORQ_DATA_DIR": str(folder / "data"),
            "ORQ_BOOTSTRAP": "off",
            "TMPDIR": str(self.temporary),
        }
        self._log = folder / "web.log"
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "gunicorn", "orqsite.wsgi", "--bind", f"{self._address}:{self.port}"]
        log = self._stack.enter_context(self._log.open("ab"))
        shell = ["/bin/sh", "-c", f'{self._before} && exec "$@"', "sh"]
        self.child = Child([*shell, *command, *WEB_OPTIONS], env=self.environment, cwd=ROOT, output=log)
        self._stack.callback(self.child.kill)
        wait_for(self.answers, 30, "the web process")
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def manage(self, *arguments: str) -> None:
        """A management command that must succeed."""
        subprocess.run([sys.executable, "manage.py", *arguments], env=self.environment, cwd=ROOT, check=True)

    def attempt(self, environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
        """The application loaded in another environment, which it may refuse."""
        command = [sys.executable, "-c", "import orqsite.wsgi"]
        return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)

    def log(self) -> str:
        """What the process has said."""
        return self._log.read_text()

    def answers(self) -> bool:
        """Whether it says that it is there."""
        with suppress(OSError):
            return self.seconds_of_health() < 5
        return False

    def seconds_of_health(self) -> float:
        """How long /healthz takes, from the connect to the end of the answer."""
        started = time.monotonic()
        status, _ = self.exchange(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert status == 200
        return time.monotonic() - started

    def connected(self) -> socket.socket:
        """A connection that says nothing yet."""
        return socket.create_connection((LOOPBACK, self.port), timeout=10)

    def exchange(self, request: bytes) -> tuple[int, Any]:
        """The status and the document that answer these bytes."""
        with self.connected() as connection:
            connection.sendall(request)
            return read_answer(connection)


def read_answer(connection: socket.socket) -> tuple[int, Any]:
    """Status and JSON document of the next answer."""
    answer = HTTPResponse(connection)
    answer.begin()
    return answer.status, json.load(answer)
