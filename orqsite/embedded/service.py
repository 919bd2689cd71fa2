"""The service's programs on one machine: web, beat and worker, and a broker when the environment names none."""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from orqsite.embedded import valkey
from orqsite.embedded.cannot_start import CannotStart
from orqsite.embedded.ports import LOOPBACK, direct, free_port
from orqsite.embedded.supervisor import Program, Supervisor

READY_SECONDS = 60.0
HOPELESS_DEATHS = 3
STOP_SECONDS = 10.0
"""As long as somebody waits at a terminal; `ORQ_WORKER_STOP_SECONDS` says otherwise."""
BROKER_STOP_SECONDS = 3.0
WEB_OPTIONS = (
    # Longer than clients and proxies keep a connection: one that closes first cuts off a request on its way.
    *("--workers", "2", "--threads", "8", "--keep-alive", "75", "--preload", "--no-control-socket"),
    *("--log-level", "warning", "--graceful-timeout", "5"),
)


class Service:
    """What runs after the checks of `up`. `write(name, line)` gets the programs' output."""

    def __init__(self, port: int, folder: Path, write: Callable[[str, str], None]) -> None:
        self.url = f"http://{LOOPBACK}:{port}"
        self.has_own_broker = not os.environ.get("REDIS_URL")
        self._bind = f"{LOOPBACK}:{port}"
        self._folder = folder
        self._valkey_port = free_port() if self.has_own_broker else 0
        self._valkey_password = valkey.new_password()
        self._fill_environment()
        self._supervisor = Supervisor(write)

    def _fill_environment(self) -> None:
        """All programs and we ourselves run with the caller's environment, completed."""
        os.environ["DJANGO_SETTINGS_MODULE"] = "orqsite.settings"
        os.environ["ORQ_DATA_DIR"] = str(self._folder)
        os.environ.setdefault("ORQ_LOG_FORMAT", "console")
        os.environ.setdefault("ORQ_ACCESS_LOG", "false")  # a terminal is for what somebody should see
        os.environ.setdefault("ORQ_WORKER_STOP_SECONDS", f"{STOP_SECONDS:g}")
        if not os.environ.get("DATABASE_URL"):
            os.environ["DATABASE_URL"] = f"sqlite:///{self._folder / 'db.sqlite3'}"
        if self.has_own_broker:
            os.environ["REDIS_URL"] = self._valkey_url

    def start_broker(self) -> None:
        """Start our own broker and return when it answers."""
        files = self._folder / "valkey"
        files.mkdir(mode=0o700, exist_ok=True)
        valkey.write_password(files, self._valkey_password)
        self._start("broker", *valkey.command_of(self._valkey_port, files, is_durable=True))
        self._wait("broker", lambda: valkey.answers(self._valkey_url))

    @property
    def _valkey_url(self) -> str:
        return valkey.url_of(self._valkey_port, self._valkey_password)

    def start_web(self) -> None:
        """Start the API and the console, without waiting for them."""
        self._start(
            "web", sys.executable, "-m", "gunicorn", "orqsite.wsgi", "--bind", self._bind, *WEB_OPTIONS
        )

    def start_workers(self) -> None:
        """Start the beat and a worker, without waiting for them."""
        celery = (sys.executable, "-W", "ignore", "-m", "celery", "--quiet", "-A", "orqsite")
        self._start("beat", *celery, "beat")
        # Alone: nobody to greet at the start (mingle, a second) or to gossip with.
        self._start("worker", *celery, "worker", "--without-mingle", "--without-gossip")

    def wait_until_ready(self) -> None:
        """Return when the web process says that it, the database and the broker answer; else CannotStart."""
        self._wait("web", self._is_ready)

    def stop(self) -> None:
        """Stop everything in order: the broker last, because a worker hands back to it what it holds."""
        stop_seconds = float(os.environ["ORQ_WORKER_STOP_SECONDS"])
        self._supervisor.stop("web", "beat", "worker", grace_seconds=stop_seconds)
        self._supervisor.stop("broker", grace_seconds=BROKER_STOP_SECONDS)

    def kill(self) -> None:
        """Kill everything now."""
        self._supervisor.kill()

    def _start(self, name: str, *command: str) -> None:
        self._supervisor.start(Program(name, command))

    def _wait(self, name: str, is_ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not is_ready():
            if self._supervisor.deaths(name) >= HOPELESS_DEATHS or time.monotonic() > deadline:
                raise CannotStart(f"The {name} process does not come up; its last lines are above.")
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        try:
            with direct().open(f"{self.url}/readyz", timeout=10) as answer:
                return bool(json.load(answer)["status"] == "ok")
        except OSError:  # refused, or 503
            return False
