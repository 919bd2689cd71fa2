"""A worker's first runs, what they cost and how late they start: a new worker for each measurement."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from bench import population
from bench.machinery_cost import ALL_ON, Cost, Part, Variant, usage_of, used_between, without
from bench.machinery_runs import new_runs, put, wait_for_all, worker
from bench.measuring import percentile
from bench.processes import cpu_seconds, wait_for
from bench.servers import Servers
from bench.slow_agent import slow_agent
from schedules.models import Agent, Run

NUMBER = 15
"""The broker of these workers, and their name."""
FIRST = 50
"""Runs that come together, to a worker that has had none."""
SETTLED_SECONDS = 3.0
"""From its first look at the queue until a worker has warmed up."""


@dataclass
class _Starts:
    servers: Servers
    agent: Agent
    late: dict[Variant, list[float]] = field(default_factory=lambda: defaultdict(list))

    def first_runs(self, variant: Variant) -> Cost:
        """Milliseconds of one of the first runs."""
        cost, late = self._first(variant)
        self.late[variant].append(late)
        return cost

    def lateness(self, variant: Variant) -> Cost:
        """Milliseconds by the clock from the messages to the last claim but a few: of the rounds before."""
        return Cost(self.late[variant].pop(0))

    def _first(self, variant: Variant) -> tuple[Cost, float]:
        population.clear()
        broker, name = self.servers.broker(NUMBER), f"worker-{NUMBER}"
        with worker(self.servers, variant, name, NUMBER) as child:
            wait_for(self._is_listening, 30, "the worker")
            time.sleep(SETTLED_SECONDS)
            keys = new_runs(self.agent, FIRST)
            used, servers, put_at = cpu_seconds(child), usage_of(name, broker), time.time()
            put(broker, keys)
            wait_for_all()
            ours, theirs = cpu_seconds(child) - used, used_between(servers, usage_of(name, broker))
        late = sorted((at.timestamp() - put_at) * 1000 for at in _starts())
        return Cost(ours / FIRST * 1000, theirs / FIRST * 1000), percentile(late, 90)

    def _is_listening(self) -> bool:
        clients = self.servers.broker(NUMBER).client_list()
        return any(client["cmd"] == "brpop" and client["db"] == str(NUMBER) for client in clients)


def _starts() -> list[datetime]:
    return [at for at in Run.objects.values_list("started_at", flat=True) if at]


@contextmanager
def parts(servers: Servers, *, is_quick: bool) -> Iterator[list[Part]]:
    """The first runs of a worker."""
    with slow_agent(servers.folder, 0) as server:
        agent = population.make_agent("responses", base_url=server.url)
        starts = _Starts(servers, agent)
        warm = (ALL_ON, *without("warm_up"))
        yield [
            Part("one of a worker's first 50 runs", "ms", warm, starts.first_runs),
            Part("their start, by the clock (p90)", "ms", warm, starts.lateness),
        ]
