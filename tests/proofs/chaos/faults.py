"""What can be done to the service: each fault is a function that hurts something until it is over."""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.proofs.chaos import plan
from tests.proofs.chaos.world import World


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things last, in seconds: ranges to choose from."""

    gap: tuple[float, float] = (3.0, 8.0)
    """Between the beginnings of two faults."""
    stop: tuple[float, float] = (18.0, 25.0)
    """A stopped process: longer than the lease."""
    outage: tuple[float, float] = (0.5, 4.0)
    """A server that was killed, before it is started again."""
    hold: tuple[float, float] = (3.0, 8.0)
    """A held line, a stopped server."""
    black_hole: tuple[float, float] = (18.0, 22.0)
    """A line held for longer than the lease."""
    agent_calls: int = 12
    """How many calls of an agent go wrong."""


SHORT = Pace(
    gap=(1.2, 1.8),
    stop=(6.5, 7.5),
    outage=(0.3, 1.0),
    hold=(1.5, 3.0),
    black_hole=(6.5, 7.5),
    agent_calls=5,
)
"""For a lease of five seconds and runs of less than a minute."""


@dataclass(frozen=True, slots=True)
class Blow:
    """The means of one fault: the world, chance, and how long things last."""

    world: World
    random: Random
    pace: Pace

    def one_of(self, kind: str) -> str:
        """One of the programs of this kind."""
        return self.random.choice(self.world.names(kind))

    def last(self, span: tuple[float, float]) -> None:
        """Let it last."""
        time.sleep(self.random.uniform(*span))


Fault = Callable[[Blow], str | None]
"""Hurts something until it is over; returns what it hurt, None when there was nothing to hurt."""


def kill_worker(blow: Blow) -> str | None:
    """kill -9 of a worker and its family."""
    return _kill(blow, "worker")


def kill_beat(blow: Blow) -> str | None:
    """kill -9 of a beat."""
    return _kill(blow, "beat")


def kill_web(blow: Blow) -> str | None:
    """kill -9 of the web server and its family."""
    return _kill(blow, "web")


def kill_all_workers(blow: Blow) -> str | None:
    """kill -9 of every worker and its family at once."""
    return _kill_all(blow, "worker")


def kill_all_beats(blow: Blow) -> str | None:
    """kill -9 of every beat at once."""
    return _kill_all(blow, "beat")


def stop_worker(blow: Blow) -> str | None:
    """SIGSTOP of a worker for longer than its lease, then SIGCONT."""
    return _stop(blow, "worker")


def stop_beat(blow: Blow) -> str | None:
    """SIGSTOP of a beat, perhaps inside a transaction, then SIGCONT."""
    return _stop(blow, "beat")


def flush_broker(blow: Blow) -> str:
    """FLUSHALL: every message is gone."""
    with blow.world.broker_lock:
        blow.world.flush_broker()
    return "valkey"


def kill_broker(blow: Blow) -> str:
    """kill -9 of Valkey, started again after a while."""
    with blow.world.broker_lock:
        blow.world.valkey.kill()
        blow.last(blow.pace.outage)
        blow.world.valkey.start()
    return "valkey"


def stop_broker(blow: Blow) -> str:
    """SIGSTOP of Valkey: it accepts connections and answers nothing."""
    with blow.world.broker_lock:
        blow.world.stop_broker_for(blow.random.uniform(*blow.pace.hold))
    return "valkey"


def restart_database(blow: Blow) -> str:
    """PostgreSQL's immediate shutdown, and its recovery."""
    with blow.world.database_lock:
        blow.world.restart_postgres(signal.SIGQUIT)
    return "postgres"


def kill_database(blow: Blow) -> str:
    """kill -9 of PostgreSQL's main process, and its recovery."""
    with blow.world.database_lock:
        blow.world.restart_postgres(signal.SIGKILL)
    return "postgres"


def cut_database_line(blow: Blow) -> str:
    """Every connection to PostgreSQL is reset."""
    blow.world.database_line.cut()
    return "database line"


def cut_broker_line(blow: Blow) -> str:
    """Every connection to Valkey is reset."""
    blow.world.broker_line.cut()
    return "broker line"


def hold_database_line(blow: Blow) -> str:
    """Nothing passes to or from PostgreSQL for a while; then it goes on, or the connections are reset."""
    with blow.world.database_lock:
        return _hold(blow, "database", blow.pace.hold)


def black_hole_database_line(blow: Blow) -> str:
    """Nothing passes to or from PostgreSQL for longer than the lease: nobody can renew, claim or finish."""
    with blow.world.database_lock:
        return _hold(blow, "database", blow.pace.black_hole)


def hold_broker_line(blow: Blow) -> str:
    """Nothing passes to or from Valkey for a while; then it goes on, or the connections are reset."""
    with blow.world.broker_lock:
        return _hold(blow, "broker", blow.pace.hold)


def slow_database_line(blow: Blow) -> str:
    """Everything to and from PostgreSQL takes longer."""
    with blow.world.database_lock:
        blow.world.database_line.slow_down(blow.random.uniform(0.02, 0.1))
        blow.last(blow.pace.hold)
        blow.world.database_line.slow_down(0)
    return "database line"


def agents_fail(blow: Blow) -> str:
    """Agents answer 500."""
    return _misbehave(blow, {"status": 500})


def agents_throttle(blow: Blow) -> str:
    """Agents answer 429 with Retry-After."""
    return _misbehave(blow, {"status": 429, "headers": {"Retry-After": "2"}})


def agents_hang(blow: Blow) -> str:
    """Agents take the call and say nothing."""
    return _misbehave(blow, {"fault": "hang"})


def agents_drip(blow: Blow) -> str:
    """Agents answer byte by byte, too slowly ever to end."""
    return _misbehave(blow, {"fault": "slow_body"})


def agents_babble(blow: Blow) -> str:
    """Agents answer garbage."""
    return _misbehave(blow, {"fault": "garbage"})


def agents_reset(blow: Blow) -> str:
    """Agents reset the connection."""
    return _misbehave(blow, {"fault": "reset"})


def step_clock_forward(blow: Blow) -> str:
    """The service's clock jumps ahead by minutes: much comes due at once, every lease is over."""
    return _step(blow, blow.random.uniform(60, 240))


def step_clock_hours(blow: Blow) -> str:
    """The service's clock jumps ahead by hours, into those minutes of an hour in which schedules come due."""
    with blow.world.database_lock:
        seconds = blow.world.clock.seconds_to(blow.random.randint(2, 5), blow.random.uniform(0, 0.5))
        blow.world.clock.step(seconds)
    return f"{seconds:+.1f} s"


def step_clock_back(blow: Blow) -> str:
    """The service's clock falls back by seconds: what has been fired comes due again."""
    return _step(blow, -blow.random.uniform(0.5, 6))


def _kill(blow: Blow, kind: str) -> str | None:
    name = blow.one_of(kind)
    return name if blow.world.kill(name) else None


def _kill_all(blow: Blow, kind: str) -> str | None:
    """All of a kind at once, or it counts as none."""
    names = blow.world.names(kind)
    killed = [name for name in names if blow.world.kill(name)]
    return ", ".join(names) if killed == names else None


def _stop(blow: Blow, kind: str) -> str | None:
    name = blow.one_of(kind)
    return name if blow.world.stop_for(name, blow.random.uniform(*blow.pace.stop)) else None


def _hold(blow: Blow, which: str, span: tuple[float, float]) -> str:
    line = blow.world.database_line if which == "database" else blow.world.broker_line
    line.hold()
    blow.last(span)
    if blow.random.random() < 0.5:
        line.cut()
    line.let_pass()
    return f"{which} line"


def _step(blow: Blow, seconds: float) -> str:
    with blow.world.database_lock:
        blow.world.clock.step(seconds)
    return f"{seconds:+.1f} s"


def _misbehave(blow: Blow, behaviour: dict[str, Any]) -> str:
    """Two agents go wrong for a number of calls each, then do as ever."""
    agents = blow.random.sample(list(plan.AGENTS), 2)
    for agent in agents:
        blow.world.witness.script(agent, *[behaviour] * blow.pace.agent_calls, plan.AGENTS[agent])
    return ", ".join(agents)
