"""The whole service as real processes on one database and one broker, and an HTTP client beside it."""

import os
import subprocess
import sys
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2

from orqsite.embedded.children import Child
from orqsite.embedded.ports import LOOPBACK, free_port
from tests.processes.databases import ROOT, keys_of
from tests.waiting import wait_for

CELERY = ("-m", "celery", "-A", "orqsite", "-q")
WORKER = (*CELERY, "worker", "--without-gossip", "--without-mingle")
BEAT = (*CELERY, "beat")


class Service:
    """Processes by name; every one of them may be killed and started again."""

    def __init__(self, folder: Path, database_url: str, redis_url: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.environment = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "ORQ_DATA_DIR": str(folder / "data"),
            "ORQ_ENCRYPTION_KEYS": os.environ["ORQ_ENCRYPTION_KEYS"],
            "ORQ_BOOTSTRAP": "off",
            "ORQ_WORKER_THREADS": "20",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.token = ""
        """Of a key that may write; there once `prepare` has been called."""
        self._keys = keys_of(database_url)
        self.children: dict[str, Child] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.prepare()
        self.start_web()
        self.start("beat", *BEAT)
        self.start("worker", *WORKER)
        wait_for(self._is_ready, 30, "web, beat and worker")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def prepare(self) -> None:
        """Make the tables and a key in a database that is no copy of one with both."""
        if self._keys is None:
            self.manage("migrate", "--verbosity", "0")
            self.token = self.manage("create_api_key", "--workspace=processes")
        else:
            self.token = self._keys.write

    @cached_property
    def admin_token(self) -> str:
        """Of a key that may do everything in the workspace."""
        if self._keys is None:
            return self.manage("create_api_key", "--workspace=processes", "--scope=admin")
        return self._keys.admin

    def create_agent(self, key: str, base_url: str | None = None, **settings: Any) -> None:
        """Register it in the workspace, as a program does; without `base_url` it answers by itself."""
        where = {"runtime": "echo"} if base_url is None else {"base_url": base_url}
        with self.client(self.admin_token) as admin:
            document(admin.post("/v3/agents", json={"key": key, **where, **settings}), 201)

    def stop(self) -> None:
        """Kill every process."""
        for child in self.children.values():
            child.kill()
        self._stack.close()

    def start_web(self) -> None:
        """Start the web process."""
        self.start("web", "-m", "gunicorn", "orqsite.wsgi", *self._gunicorn())

    def _gunicorn(self) -> list[str]:
        return ["--bind", f"{LOOPBACK}:{self.port}", "--threads", "4", "--no-control-socket"]

    def start(self, name: str, *arguments: str) -> None:
        """Start (or start again) the process `name`; its output goes to a file of that name."""
        log = self._stack.enter_context((self.folder / f"{name}.log").open("ab"))
        self.children[name] = Child([sys.executable, *arguments], env=self.environment, cwd=ROOT, output=log)

    def log(self, name: str) -> str:
        """What the process has said."""
        return (self.folder / f"{name}.log").read_text()

    def manage(self, *arguments: str) -> str:
        """Run a management command; its output."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env=self.environment,
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def client(self, token: str) -> httpx2.Client:
        """An HTTP client of the API with this key."""
        return httpx2.Client(
            base_url=f"http://{LOOPBACK}:{self.port}",
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
            timeout=10,
        )

    def _is_ready(self) -> bool:
        dead = {name: self.log(name) for name, child in self.children.items() if not child.is_alive}
        assert not dead, dead
        try:
            ready = httpx2.get(f"http://{LOOPBACK}:{self.port}/readyz", trust_env=False)
        except httpx2.TransportError:
            return False
        is_registered = "process.registered" in self.log("beat")
        return ready.status_code == 200 and is_registered and self._consumes()

    def _consumes(self) -> bool:
        """Whether the worker listens to its queue (its own words; `inspect ping` would need a process)."""
        return "ready" in self.log("worker")


def document(response: httpx2.Response, status: int) -> Any:
    """The answer's JSON, after checking its status."""
    assert response.status_code == status, response.text
    return response.json() if response.content else None
