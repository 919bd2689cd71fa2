"""Requests, messages and fires: a process for each variant, all warm, which take turns."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from bench import population
from bench.machinery_cost import ALL_ON, BY_OPTION, Cost, Part, Variant, without
from bench.processes import process
from bench.servers import Servers
from orqsite.broker import QUEUE
from orqsite.embedded.children import Child
from schedules import api_keys
from schedules.database.clock import database_now
from schedules.models import Agent, Schedule, Scope

AS_SHIPPED = {"ORQ_RATE_PER_KEY": "6000", "ORQ_RATE_TRIGGER_PER_SCHEDULE": "60"}
SCHEDULES = 1_000
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Process:
    """One process; it does its operation so many times when told to, and tells what that took."""

    name: str
    broker: Any
    child: Child
    log: Path

    def do(self, count: int) -> dict[str, float]:
        """See machinery_child.py."""
        self.broker.rpush(f"{self.name}:go", count)
        while not (answer := self.broker.blpop([f"{self.name}:done"], timeout=1)):
            assert self.child.is_alive, self.log.read_text()[-2000:]
        result: dict[str, float] = json.loads(answer[1])
        return result


@dataclass
class Processes:
    """One for each variant of an operation, started and warmed up when it is first needed."""

    servers: Servers
    stack: ExitStack
    running: dict[tuple[Variant, str], Process] = field(default_factory=dict)

    def of(
        self, variant: Variant, operation: str, arguments: Callable[[], Mapping[str, Any]], warm_up: int = 50
    ) -> Process:
        """The variant's process."""
        if found := self.running.get((variant, operation)):
            return found
        name = f"machinery-{next(_numbers)}"
        log = self.servers.folder / f"{name}.log"
        command = ("-m", "bench.machinery_child", operation, json.dumps(arguments()))
        env = {**AS_SHIPPED, **variant.env, "PGAPPNAME": name}
        child = self.stack.enter_context(process(log, *command, env=env))
        worker = Process(name, self.servers.broker(0), child, log)
        worker.do(warm_up)
        self.running[variant, operation] = worker
        return worker


@contextmanager
def parts(servers: Servers, *, is_quick: bool) -> Iterator[list[Part]]:
    """A retrieve and a trigger of a busy key, within its limits as shipped; a message; a fire of a herd."""
    with ExitStack() as stack:
        agent, processes = population.make_agent(), Processes(servers, stack)
        retrieves = _Requests(Processes(servers, stack), agent, 100)
        triggers = _Requests(Processes(servers, stack), agent, 50)
        herd = _Herd(processes, agent, 4_000 if is_quick else 10_000)
        of_requests = (ALL_ON, *without("key_cache", "local_shares", "pool_check", "prepared"), BY_OPTION)
        of_triggers = (
            ALL_ON,
            *without(
                "message_template", "shared_client", "key_cache", "local_shares", "prepared", "pool_check"
            ),
        )
        of_run_nows = (ALL_ON, *without("message_template", "shared_client", "prepared"))
        of_fires = (ALL_ON, *without("fire_batch_overlap"))
        yield [
            Part("a retrieve", "µs", of_requests, retrieves.retrieve, 8),
            Part("a trigger", "µs", of_triggers, triggers.trigger, 8),
            Part("a run now, without its request", "µs", of_run_nows, triggers.run_now, 8),
            Part("a message", "µs", (ALL_ON, *without("message_template", "shared_client")), herd.message, 2),
            Part("a fire", "µs", of_fires, herd.fire, 2),
            Part("a fire, by the clock", "µs", of_fires, herd.by_the_clock, 2),
        ]


@dataclass
class _Requests:
    """Of one key, through the WSGI application."""

    processes: Processes
    agent: Agent
    count: int

    def retrieve(self, variant: Variant) -> Cost:
        """The same schedule again and again."""
        return self._asked(variant, 1, "", "GET", "200 OK")

    def trigger(self, variant: Variant) -> Cost:
        """Of all schedules in turn."""
        cost = self._asked(variant, SCHEDULES, "/execution", "POST", "202 Accepted")
        self.processes.servers.broker(0).delete(QUEUE)
        return cost

    def run_now(self, variant: Variant) -> Cost:
        """As `trigger`, without the request around it."""

        def arguments() -> dict[str, object]:
            self._fill()
            return {"schedule_ids": [population.schedule_id(number) for number in range(1, 1 + SCHEDULES)]}

        cost = cost_of(self.processes.of(variant, "run nows", arguments).do(self.count))
        self.processes.servers.broker(0).delete(QUEUE)
        return cost

    def _asked(self, variant: Variant, schedules: int, path: str, method: str, expected: str) -> Cost:
        def arguments() -> dict[str, object]:
            self._fill()
            token = api_keys.issue(self.agent.workspace, scope=Scope.WRITE).token
            paths = [f"{self._path(number)}{path}" for number in range(1, 1 + schedules)]
            authorization = f"Bearer {token}"
            return {"paths": paths, "authorization": authorization, "method": method, "expected": expected}

        return cost_of(self.processes.of(variant, "requests", arguments).do(self.count))

    def _fill(self) -> None:
        if not Schedule.objects.exists():
            tomorrow = database_now().replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
            population.make_schedules(self.agent, SCHEDULES, tomorrow)
            population.settle()

    def _path(self, number: int) -> str:
        return f"/v3/agents/{self.agent.key}/schedules/{population.schedule_id(number)}"


@dataclass
class _Herd:
    """Many at once."""

    processes: Processes
    agent: Agent
    count: int
    clock: dict[Variant, list[float]] = field(default_factory=lambda: defaultdict(list))

    def message(self, variant: Variant) -> Cost:
        """One of many that leave together."""
        worker = self.processes.of(variant, "messages", dict, 1)
        worker.broker.delete(QUEUE)
        result = worker.do(self.count // 4)
        assert worker.broker.llen(QUEUE) == result["count"]
        return cost_of(result)

    def fire(self, variant: Variant) -> Cost:
        """One of a herd: its run recorded, its next fire time, its message."""
        population.clear()
        worker = self.processes.of(variant, "fires", dict, 0)
        worker.broker.delete(QUEUE)
        population.make_schedules(self.agent, self.count, database_now().replace(microsecond=0))
        population.settle()
        result = worker.do(0)
        assert worker.broker.llen(QUEUE) == result["count"] == self.count, result
        self.clock[variant].append(result["clock"] / self.count * 1e6)
        return cost_of(result)

    def by_the_clock(self, variant: Variant) -> Cost:
        """Of the rounds before."""
        return Cost(self.clock[variant].pop(0))


def cost_of(result: dict[str, float]) -> Cost:
    """Microseconds of one operation."""
    return Cost(result["ours"] / result["count"] * 1e6, result["servers"] / result["count"] * 1e6)
