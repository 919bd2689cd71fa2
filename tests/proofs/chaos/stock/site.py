"""The stock configuration as a site of the chaos run."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import httpx2
import psycopg
import redis

from orqsite.embedded.ports import LOOPBACK
from orqsite.environment import Environment
from tests.proofs.chaos.history import End, Excused
from tests.proofs.chaos.person import ANSWER_SECONDS, HttpPerson
from tests.proofs.chaos.site import Asked, Planned, Surroundings
from tests.proofs.chaos.witness import ROOT

PYTHON = sys.executable
CELERY = (PYTHON, "-m", "celery", "-A", "tests.proofs.chaos.stock.celery", "-q")
WORKER = (*CELERY, "worker", "--without-gossip", "--without-mingle", "--loglevel=info")
THREADS = str(Environment.model_fields["worker_threads"].default)
WORKER_COUNT = 2

QUIET_SECONDS = 75.0
"""Longer than any timer but one: a minute until a crontab, ten seconds until a trigger, eight for a call.

The one is the visibility timeout: what a killed worker held comes back after an hour.
"""


@dataclass
class StockPerson(HttpPerson):
    """Asks for a run once: a second message would be a second run. Its web has error pages."""

    has_pages: bool = True
    can_hold: bool = False

    def trigger(self, subject: str) -> Asked:
        """Asked again only while nobody listens."""
        sent_at = time.time()
        while True:
            try:
                answer = self._client.post(f"{self._paths[subject]}/execution")
            except httpx2.ConnectError:
                if time.time() > sent_at + ANSWER_SECONDS:
                    return Asked(sent_at, time.time(), None)
                sent_at = time.time()
            except httpx2.TransportError:
                return Asked(sent_at, time.time(), None)
            else:
                return Asked(sent_at, time.time(), answer.status_code if answer.status_code < 500 else None)
            time.sleep(0.3)


class Stock:
    """The `Site` of plain Celery and django-celery-beat."""

    name = "Celery and django-celery-beat, as they come"
    ready_url = None

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self._seen: tuple[int, ...] = ()
        self._changed_at = time.monotonic()

    def environment(self) -> Mapping[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "tests.proofs.chaos.stock.settings",
            "DATABASE_URL": self.around.database_url,
            "REDIS_URL": self.around.redis_url,
            "STOCK_AGENT_URL": self.around.agent_url,
            "STOCK_WORKER_THREADS": THREADS,
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def programs(self) -> Mapping[str, Sequence[str]]:
        bind = (
            "--bind",
            f"{LOOPBACK}:{self.around.web_port}",
            "--worker-class",
            "gthread",
            "--threads",
            "8",
            "--no-control-socket",
        )
        names = [f"worker-{number}" for number in range(1, WORKER_COUNT + 1)]
        return {
            "web": (PYTHON, "-m", "gunicorn", "tests.proofs.chaos.stock.wsgi", *bind),
            "beat": (*CELERY, "beat"),
            **{name: (*WORKER, "-n", f"{name}@%h") for name in names},
        }

    def prepare(self) -> None:
        self._run("-m", "django", "migrate", "--run-syncdb", "--verbosity", "0")

    def is_ready(self) -> bool:
        """The web answers, beat has entered its own task, and each worker waits for messages."""
        with suppress(httpx2.TransportError):
            httpx2.get(f"http://{LOOPBACK}:{self.around.web_port}/", trust_env=False, timeout=5)
            with self._broker() as broker:
                waiting = sum(client["cmd"] == "brpop" for client in broker.client_list())
            return waiting >= WORKER_COUNT and self._count("django_celery_beat_periodictask") > 0
        return False

    def load(self, planned: Sequence[Planned]) -> float:
        return float(
            self._run(
                "-m",
                "tests.proofs.chaos.stock.bulk",
                standard_input=json.dumps([asdict(one) for one in planned]),
            )
        )

    def person(self) -> HttpPerson:
        return StockPerson(f"http://{LOOPBACK}:{self.around.web_port}", token="none")

    def open_count(self) -> int:
        """Nothing says what stock still owes: it is at rest when nothing has happened for long enough."""
        try:
            seen = (*self._messages(), self._count("stock_call"))
        except redis.RedisError:
            return 1  # the last fault is barely over
        if seen != self._seen:
            self._seen, self._changed_at = seen, time.monotonic()
        return int(time.monotonic() - self._changed_at < QUIET_SECONDS)

    def excused(self) -> list[Excused]:
        return []

    def ends(self) -> dict[str, End]:
        return {task_id: End.SUCCEEDED for (task_id,) in self._rows("SELECT task_id FROM stock_call")}

    def problems(self) -> list[str]:
        return []

    def closing_lines(self) -> list[tuple[str, str]]:
        waiting, held = self._messages()
        rows = self._count("stock_call")
        return [("rows saved", str(rows)), ("messages waiting, held", f"{waiting}, {held}")]

    def _messages(self) -> tuple[int, int]:
        """How many nobody has, and how many some worker has or had."""
        with self._broker() as broker:
            return int(broker.llen("celery")), int(broker.hlen("unacked"))

    def _broker(self) -> redis.Redis:
        return redis.Redis.from_url(self.around.redis_url, socket_timeout=5, decode_responses=True)

    def _count(self, table: str) -> int:
        return int(self._rows(f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.around.direct_database_url, autocommit=True) as connection:
            return connection.execute(query.encode()).fetchall()

    def _run(self, *arguments: str, standard_input: str = "") -> str:
        """A program of the site's, on a line that no fault touches."""
        env = {**self.environment(), "DATABASE_URL": self.around.direct_database_url, "PATH": "/usr/bin:/bin"}
        done = subprocess.run(
            [PYTHON, *arguments],
            env=env,
            cwd=ROOT,
            input=standard_input,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout.strip()
