"""Somebody else's server as a process on a loopback port: ready within a deadline, ended by its own number."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

import httpx2

from orqsite.embedded.children import Child
from orqsite.embedded.ports import LOOPBACK, free_port
from tests.proofs.agents.recorder import Exchange, Recorder
from tests.waiting import wait_for

RUNNING: Final[list["Program"]] = []
"""What runs now: a failed test shows the end of their logs."""
START_SECONDS: Final = 120
"""Far more than a start takes: a loaded machine is no failure."""
STOP_SECONDS: Final = 10


class Program:
    """Runs inside `with`; `command` makes the command line from the port.

    Its only way out of the machine is a proxy that refuses everybody and writes down who was asked for.
    """

    def __init__(
        self,
        name: str,
        command: Callable[[int], Sequence[str]],
        folder: Path,
        *,
        ready_path: str,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name, self.folder, self.port = name, folder, free_port()
        self._command, self._ready_path = command(self.port), ready_path
        self._door = Recorder(_refuse)
        self._environment = _lean_environment(folder, self._door.url) | dict(environment or {})
        self._log = folder / f"{name}.log"

    @property
    def url(self) -> str:
        """The origin."""
        return f"http://{LOOPBACK}:{self.port}"

    def __enter__(self) -> Self:
        self._door.__enter__()
        with self._log.open("wb") as output:
            self._child = Child(self._command, env=self._environment, cwd=self.folder, output=output)
        RUNNING.append(self)
        try:
            wait_for(self._is_ready, START_SECONDS, f"{self.name} to be ready")
        except BaseException as error:
            error.add_note(self.log_end())
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        RUNNING.remove(self)
        self._child.stop(STOP_SECONDS)
        self._door.__exit__()

    def log_end(self, characters: int = 4000) -> str:
        """The last words it printed."""
        return self._log.read_text(errors="replace")[-characters:]

    def asked_for(self) -> list[str]:
        """Whom it wanted to reach outside this machine."""
        asked = [each for method in ("CONNECT", "GET", "POST") for each in self._door.received(method)]
        return [each.path for each in asked]

    def client(self, **headers: str) -> httpx2.Client:
        """A plain HTTP client that nothing in the environment can send elsewhere."""
        return httpx2.Client(base_url=self.url, headers=headers, trust_env=False, timeout=30)

    def _is_ready(self) -> bool:
        assert self._child.is_alive, f"{self.name} has ended"
        try:
            return httpx2.get(f"{self.url}{self._ready_path}", trust_env=False, timeout=5).is_success
        except httpx2.TransportError:
            return False


def _refuse(exchange: Exchange) -> None:
    exchange.answer(502, {"error": "There is no way out."})


def _lean_environment(folder: Path, door: str) -> dict[str, str]:
    """Nothing of the user's: no keys, no settings at home."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "HTTP_PROXY": door,
        "HTTPS_PROXY": door,
        "ALL_PROXY": door,
        "NO_PROXY": f"{LOOPBACK},localhost",
    }


def answer(response: httpx2.Response, status: int = 200) -> Any:
    """The JSON of an answer, after checking its status."""
    assert response.status_code == status, response.text
    return response.json()
