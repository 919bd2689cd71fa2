"""The schedulers side by side: each is filled with N schedules due at one moment, started, and watched from outside.

What is measured is the same for all: from the moment they are due until their messages stand in the broker.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from bench import population
from bench.environments import PEERS, python_of
from bench.processes import CELERY, process
from bench.servers import Servers
from orqsite.broker import QUEUE
from schedules.models import Agent, NextFire, Run

START_SECONDS = 8.0
"""What a beat is given to start and read its schedules before they are due."""


EVERY_MESSAGE = {"ORQ_QUEUE_LIMIT": "10000000"}
"""Nothing takes messages here: for the comparison all of them are sent at once, as the peers do."""

FILL_SPARES = (5.0, 20.0, 60.0)
"""What filling is given besides its usual time: at first, and when that was not enough."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out of one herd."""

    fired: int
    seconds: float

    @property
    def rate(self) -> float:
        """Fired schedules a second."""
        return self.fired / self.seconds


class Ours:
    """ScheduleBeat, `beats` processes of it."""

    queue = QUEUE
    fills_a_second = 5000.0

    def __init__(self, servers: Servers, agent: Agent, beats: int = 1) -> None:
        self.broker = servers.broker(0)
        self._servers, self._agent, self._beats = servers, agent, beats

    def fill(self, count: int, due_at: datetime) -> None:
        """N schedules with a handful of real cadences."""
        population.clear()
        population.make_schedules(self._agent, count, due_at)
        population.settle()

    @contextmanager
    def running(self) -> Iterator[None]:
        with ExitStack() as stack:
            for number in range(self._beats):
                log = self._servers.folder / f"beat-{number}.log"
                beat = (*CELERY, "beat", "--loglevel", "WARNING", "--schedule", str(log) + ".db")
                stack.enter_context(process(log, *beat, env=EVERY_MESSAGE))
            yield

    def check(self, count: int, due_at: datetime) -> None:
        """Exactly one run each, every cadence moved on, exactly one message each."""
        fired = Run.objects.filter(fire_time=due_at)
        assert fired.count() == count, fired.count()
        assert fired.values("schedule_id").distinct().count() == count
        assert NextFire.objects.filter(fire_time__gt=due_at).count() == NextFire.objects.count() >= count
        assert self.broker.llen(self.queue) == count


class Peer:
    """A scheduler of somebody else's, from its own environment."""

    queue = "celery"

    def __init__(
        self, servers: Servers, name: str, redis_number: int, fills_a_second: float, command: Sequence[str]
    ) -> None:
        self.fills_a_second = fills_a_second
        self.broker = servers.broker(redis_number)
        self._log = servers.folder / f"{name}.log"
        self._program = f"{name}_project.py"
        self._command = command
        self._python = python_of(name)
        self.database_url = servers.new_database(name)
        self._env = {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": servers.redis_database(redis_number),
            "PYTHONPATH": str(PEERS),
        }

    def fill(self, count: int, due_at: datetime) -> None:
        """N hourly schedules, the peer's own way."""
        with process(
            self._log,
            str(PEERS / self._program),
            str(count),
            str(due_at.timestamp()),
            python=self._python,
            env=self._env,
            cwd=PEERS,
        ) as filling:
            assert filling.process.wait(600) == 0, self._log.read_text()[-2000:]

    @contextmanager
    def running(self) -> Iterator[None]:
        with process(self._log, *self._command, python=self._python, env=self._env, cwd=PEERS):
            yield

    def check(self, count: int, due_at: datetime) -> None:
        """Nothing: what a peer loses is not our claim here."""


Contender = Ours | Peer


def stock(servers: Servers) -> Peer:
    """django-celery-beat's DatabaseScheduler with one PeriodicTask per schedule."""
    return Peer(servers, "stock", 1, 1500, _beat("stock", "django_celery_beat.schedulers:DatabaseScheduler"))


def redbeat(servers: Servers) -> Peer:
    """celery-redbeat."""
    return Peer(servers, "redbeat", 2, 250, _beat("redbeat", "redbeat.RedBeatScheduler"))


def apscheduler(servers: Servers) -> Peer:
    """APScheduler 3 with a PostgreSQL job store."""
    return Peer(servers, "apscheduler", 3, 150, ("apscheduler_project.py", "run"))


def _beat(name: str, scheduler: str) -> Sequence[str]:
    return ("-m", "celery", "-A", f"{name}_project", "-q", "beat", "-S", scheduler)


def herd(contender: Contender, count: int, patience: float) -> Outcome:
    """Let `count` schedules come due at once; how many fired within `patience` seconds, in which time."""
    contender.broker.flushdb()
    due_at = _filled(contender, count)
    with contender.running():
        fired, ended = _watch(contender, count, due_at.timestamp(), patience)
        if fired == count:
            contender.check(count, due_at)
    return Outcome(fired, ended - due_at.timestamp())


def _filled(contender: Contender, count: int) -> datetime:
    """When they are due; a filling that took too long, on a busy machine, is made again with more time."""
    for spare in FILL_SPARES:
        lead = START_SECONDS + spare + count / contender.fills_a_second
        due_at = datetime.fromtimestamp(int(time.time() + lead), UTC)
        contender.fill(count, due_at)
        if time.time() + START_SECONDS < due_at.timestamp():
            return due_at
    raise AssertionError(f"filling {count} took longer than {lead:.0f} s")


def _watch(contender: Contender, count: int, due: float, patience: float) -> tuple[int, float]:
    """Count messages until all are there or patience ends."""
    while True:
        now = time.time()
        fired = contender.broker.llen(contender.queue)
        if fired >= count or now > due + patience:
            return fired, now
        time.sleep(0.01 if now > due - 0.5 else 0.2)
