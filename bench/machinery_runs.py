"""Runs: a worker for each variant, each with a broker of its own, so that all are warm and take turns.

What a run costs a worker that has a hundred of them waiting; what one costs whose message came with a countdown.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from types import MappingProxyType
from typing import Any

from celery import current_app

from bench import population
from bench.machinery_cost import (
    ALL_ON,
    BY_DJANGO,
    BY_OPTION,
    Cost,
    Part,
    Variant,
    usage_of,
    used_between,
    without,
)
from bench.processes import ALONE, CELERY, cpu_seconds, process, wait_for
from bench.servers import Servers
from bench.slow_agent import slow_agent
from bench.waves import succeeded
from orqsite.broker import QUEUE
from orqsite.embedded.children import Child
from schedules.database.clock import database_now
from schedules.firing.due import fire_due
from schedules.messages.dispatch import EXECUTE_RUN, RunKey
from schedules.messages.message_template import MessageTemplate
from schedules.models import Agent, Run

THREADS = 16
COUNTDOWN = timedelta(seconds=1)
_numbers = count(1, 100_000)

RUN_VARIANTS = (
    ALL_ON,
    *without("message_batches", "shared_client", "pool_check", "prepared", "gc_freeze"),
    BY_OPTION,
    BY_DJANGO,
)
LATE_VARIANTS = (ALL_ON, *without("eta_leak", "gc_freeze"))


@dataclass
class Workers:
    """One worker for each variant, started when it is first needed."""

    servers: Servers
    agent: Agent
    count: int
    stack: ExitStack
    running: dict[Variant, tuple[Child, str, Any]] = field(default_factory=dict)

    def run(self, variant: Variant) -> Cost:
        """Milliseconds of one run."""
        return self._wave(variant, None)

    def late_run(self, variant: Variant) -> Cost:
        """Milliseconds of one run whose message has a countdown."""
        return self._wave(variant, COUNTDOWN)

    def _wave(self, variant: Variant, countdown: timedelta | None, runs: int = 0) -> Cost:
        child, name, broker = self.running.get(variant) or self._start(variant)
        keys = new_runs(self.agent, runs or self.count)
        used, servers = cpu_seconds(child), usage_of(name, broker)
        put(broker, keys, countdown)
        wait_for_all()
        ours, theirs = cpu_seconds(child) - used, used_between(servers, usage_of(name, broker))
        return Cost(ours / len(keys) * 1000, theirs / len(keys) * 1000)

    def _start(self, variant: Variant) -> tuple[Child, str, Any]:
        number = 1 + len(self.running)
        name = f"worker-{number}"
        child = self.stack.enter_context(worker(self.servers, variant, name, number))
        self.running[variant] = child, name, self.servers.broker(number)
        self._wave(variant, None, 100)  # its imports, its connections
        return self.running[variant]


@contextmanager
def worker(
    servers: Servers,
    variant: Variant,
    name: str,
    number: int,
    *options: str,
    env: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Child]:
    """A worker of this variant with the broker of this number; PostgreSQL knows it by its name."""
    arguments = (*CELERY, "worker", *ALONE, "--loglevel", "WARNING", "--hostname", f"{name}@bench", *options)
    environment = {
        "ORQ_WORKER_THREADS": str(THREADS),
        "PGAPPNAME": name,
        "REDIS_URL": servers.redis_database(number),
        **variant.env,
        **env,
    }
    with process(servers.folder / f"{name}.log", *arguments, env=environment) as child:
        yield child


def new_runs(agent: Agent, count: int) -> list[RunKey]:
    """Runs that may start now, as a beat records them."""
    now = database_now()
    population.make_schedules(agent, count, now.replace(microsecond=0), first=next(_numbers))
    keys: list[RunKey] = []
    while fired := fire_due(now, 2000).runs:
        keys += fired
    assert len(keys) == count, f"{len(keys)} runs, not {count}"
    return keys


def put(broker: Any, keys: list[RunKey], countdown: timedelta | None = None) -> None:
    """Their messages, in the queue of this broker."""
    eta = datetime.now(UTC) + countdown if countdown else None
    broker.lpush(QUEUE, *MessageTemplate(current_app, EXECUTE_RUN).render(keys, eta))


def wait_for_all() -> None:
    """Every run there is has succeeded."""
    total = Run.objects.count()
    wait_for(lambda: succeeded() == total, 120, "all runs to succeed", pause=0.1)


@contextmanager
def parts(servers: Servers, *, is_quick: bool) -> Iterator[list[Part]]:
    """A run of an agent that answers at once, and one that waited in the worker."""
    with slow_agent(servers.folder, 0) as server, ExitStack() as stack:
        agent = population.make_agent("responses", base_url=server.url)
        workers = Workers(servers, agent, 100 if is_quick else 200, stack)
        yield [
            Part("a run", "ms", RUN_VARIANTS, workers.run, 4),
            Part("a run with a countdown", "ms", LATE_VARIANTS, workers.late_run, 2),
        ]
