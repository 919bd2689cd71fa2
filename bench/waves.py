"""Waves of runs: so many schedules come due at once, and a worker of ours works them off."""

import itertools

from bench import population
from bench.processes import cpu_seconds, wait_for
from orqsite.embedded.children import Child
from schedules.database.clock import database_now
from schedules.messages import dispatch
from schedules.models import Agent, Run, RunState
from tests.firing import fire

_firsts = itertools.count(1, 1_000_000)


def send(agent: Agent, count: int) -> None:
    """Make `count` schedules, due now, and fire them: runs and messages as a beat makes them."""
    now = database_now()
    population.make_schedules(agent, count, now.replace(microsecond=0), first=next(_firsts))
    while fire(now, 2000):
        pass
    assert not dispatch.breaker.is_open


def wave(agent: Agent, child: Child, count: int) -> float:
    """Milliseconds of CPU a run while the worker works off `count` of them; every one succeeds."""
    total = Run.objects.count() + count
    used = cpu_seconds(child)
    send(agent, count)
    wait_for(lambda: succeeded() == total, 120, f"{count} runs to succeed", pause=0.2)
    return (cpu_seconds(child) - used) / count * 1000


def succeeded() -> int:
    """How many runs have succeeded."""
    return Run.objects.filter(state=RunState.SUCCEEDED).count()


def warm_up(agent: Agent, child: Child) -> None:
    """The worker's imports, its first connection and its certificates are not part of a run's cost."""
    wave(agent, child, 20)
