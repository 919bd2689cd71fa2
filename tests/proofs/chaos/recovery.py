"""One fault at a time: seconds from the fault until the service is back at work, and what a trigger costs then.

`python -m tests.proofs.chaos recovery`.
"Back at work" is three moments after the fault: a run that came due after it has
started; every run that was in flight has started again or ended; the API has answered a trigger. The run of that
trigger is the fourth.
"""

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median
from typing import Any

import psycopg

from tests.proofs.chaos import lead, plan
from tests.proofs.chaos.campaign import Say
from tests.proofs.chaos.chance import seeded
from tests.proofs.chaos.history import Start
from tests.proofs.chaos.product import Product
from tests.proofs.chaos.site import Person, Planned
from tests.proofs.chaos.world import World
from tests.waiting import wait_for

TARGET_SECONDS = 30.0
HANG_SECONDS = 20.0
OBSERVED_SECONDS = 20.0
"""What comes due within so long after a fault must start, too."""

GIVE_UP_SECONDS = 120.0
SETTLE_SECONDS = 8.0
RATE = 4.0
LONGEST_CASE_SECONDS = 50.0
TRIGGER_SECONDS = 10.0
CALLS_AFTER_THE_FIRST = 20


@dataclass(frozen=True, slots=True)
class Recovery:
    """Seconds after one fault. `in_flight`: None when nothing was."""

    fault: str
    in_flight_count: int
    first_due_started: float
    in_flight_resumed: float | None
    worst_lateness: float
    trigger_answered: float
    trigger_started: float

    @property
    def back_at_work(self) -> float:
        """The latest of the moments; a trigger's run without its ten seconds."""
        moments = (self.first_due_started, self.in_flight_resumed or 0.0, self.trigger_answered)
        return max(*moments, self.trigger_started - TRIGGER_SECONDS)

    @property
    def is_in_time(self) -> bool:
        """Within the target."""
        return max(self.back_at_work, self.worst_lateness) <= TARGET_SECONDS


@dataclass(frozen=True, slots=True)
class TriggerCost:
    """Seconds to a 202 while Valkey hangs: the first trigger, and the median of those after it."""

    first: float
    median_after: float


@dataclass(frozen=True, slots=True)
class Measured:
    """All cases."""

    recoveries: list[Recovery]
    trigger_cost: TriggerCost

    @property
    def is_in_time(self) -> bool:
        """Whether every figure is within its target."""
        cost = self.trigger_cost
        return (
            all(one.is_in_time for one in self.recoveries) and cost.first <= 1.5 and cost.median_after <= 0.1
        )

    def __str__(self) -> str:
        head = (
            f"{'one fault':<24}{'back at work':>14}{'due after it':>14}{'in flight (n)':>18}"
            f"{'trigger 202':>13}{'its run':>9}{'latest due':>12}"
        )
        cost = self.trigger_cost
        closing = f"trigger with Valkey hung: first {cost.first:.2f} s, then median {cost.median_after * 1000:.0f} ms"
        return "\n".join([head, *map(_row, self.recoveries), closing])


def _row(one: Recovery) -> str:
    resumed = "-" if one.in_flight_resumed is None else f"{one.in_flight_resumed:.1f} s"
    return (
        f"{one.fault:<24}{one.back_at_work:>12.1f} s{one.first_due_started:>12.1f} s"
        f"{resumed + f' ({one.in_flight_count})':>18}{one.trigger_answered:>11.1f} s"
        f"{one.trigger_started:>7.1f} s{one.worst_lateness:>10.1f} s"
    )


def measure(say: Say = lambda line: None) -> Measured:
    """Measure every case in one world, with calm between them; the service has its default settings."""
    with World(Product) as world:
        for agent, behaviour in plan.AGENTS.items():
            world.witness.script(agent, behaviour)
        person = world.site.person()
        bench = _Bench(world, person, _load(world))
        recoveries = []
        for name, fault in CASES.items():
            recoveries.append(bench.recovery(name, fault))
            say(_row(recoveries[-1]))
        return Measured(recoveries, bench.trigger_cost())


CASES: dict[str, Callable[[World], object]] = {
    "worker kill -9": lambda world: world.kill("worker-1"),
    "both workers kill -9": lambda world: _kill_all(world, "worker"),
    "beat kill -9": lambda world: world.kill("beat-1"),
    "web kill -9": lambda world: world.kill("web"),
    "Valkey kill -9": lambda world: _restart_valkey(world),
    "Valkey hangs 20 s": lambda world: world.stop_broker_for(HANG_SECONDS),
    "FLUSHALL": lambda world: world.flush_broker(),
    "PostgreSQL restart": lambda world: world.restart_postgres(signal.SIGQUIT),
}


def _kill_all(world: World, kind: str) -> None:
    for name in world.names(kind):
        world.kill(name)


def _restart_valkey(world: World) -> None:
    world.valkey.kill()
    world.valkey.start()


def _load(world: World) -> list[Planned]:
    """Enough to come due until the last case is over, some of it long enough to be in flight at any moment."""
    seconds = (len(CASES) + 1) * LONGEST_CASE_SECONDS
    start = lead.start_for(world.site, round(seconds * RATE))
    planned = list(plan.bulk(seeded("recovery"), start, seconds, RATE))
    world.site.load(planned)
    lead.require_lead(start)
    time.sleep(max(0.0, start + SETTLE_SECONDS - time.time()))
    return planned


@dataclass(frozen=True, slots=True)
class _Bench:
    """The world under one fault at a time."""

    world: World
    person: Person
    planned: list[Planned]

    def recovery(self, name: str, fault: Callable[[World], object]) -> Recovery:
        """Hurt it and look until everything is as it should be, then let it settle."""
        subject = f"recovery-{name}"
        self._make_standing(subject)
        wait_for(self._in_flight, what="a run in flight")
        in_flight, fault_at = self._in_flight(), time.time()
        with ThreadPoolExecutor(2) as pool:
            hurting = pool.submit(fault, self.world)
            time.sleep(0.1)
            answered_at = self.person.trigger(subject).answered_at
            resumed_at = wait_for(lambda: self._resumed_at(in_flight), GIVE_UP_SECONDS, f"{name}: in flight")
            hurting.result()
        started = wait_for(lambda: self._all_started(fault_at), GIVE_UP_SECONDS, f"{name}: what came due")
        trigger = wait_for(lambda: self._starts().get(subject), GIVE_UP_SECONDS, f"{name}: the trigger's run")
        assert trigger is not None
        assert resumed_at is not None
        time.sleep(SETTLE_SECONDS)
        return Recovery(
            fault=name,
            in_flight_count=len(in_flight),
            first_due_started=min(started.values()) - fault_at,
            in_flight_resumed=resumed_at - fault_at if in_flight else None,
            worst_lateness=max(at - self._due_at[subject] for subject, at in started.items()),
            trigger_answered=answered_at - fault_at,
            trigger_started=trigger.at - fault_at,
        )

    def trigger_cost(self) -> TriggerCost:
        """What triggers cost while Valkey hangs, one after the other."""
        self._make_standing("recovery-cost")
        with ThreadPoolExecutor(1) as pool:
            hanging = pool.submit(self.world.stop_broker_for, HANG_SECONDS)
            time.sleep(0.2)
            first, *after = [self._trigger_seconds() for _ in range(1 + CALLS_AFTER_THE_FIRST)]
            assert not hanging.done(), "Valkey was awake again before the last trigger"
        return TriggerCost(first, median(after))

    def _trigger_seconds(self) -> float:
        asked = self.person.trigger("recovery-cost")
        assert asked.is_done
        return asked.answered_at - asked.sent_at

    def _make_standing(self, subject: str) -> None:
        assert self.person.create(plan.standing(subject, "quick-1", time.time())).is_done

    def _in_flight(self) -> set[tuple[str, int]]:
        """(run, attempt) of every call that an agent has and has not answered."""
        rows = self._rows("SELECT id, attempt FROM schedules_run WHERE state = 'running'")
        return {(run_id, attempt) for run_id, attempt in rows}

    def _resumed_at(self, in_flight: set[tuple[str, int]]) -> float | None:
        """Now, once none of them is running as the same attempt or waits for its next one."""
        now = time.time()
        try:
            rows = self._rows(
                "SELECT id, attempt, state FROM schedules_run WHERE state IN ('running', 'pending')"
            )
        except psycopg.OperationalError:
            return None
        held = {run_id for run_id, _ in in_flight}
        waiting = [
            (run_id, attempt) for run_id, attempt, state in rows if state == "pending" and run_id in held
        ]
        same = [(run_id, attempt) for run_id, attempt, _ in rows if (run_id, attempt) in in_flight]
        return None if waiting or same else now

    def _all_started(self, fault_at: float) -> dict[str, float]:
        """When everything that came due soon after the fault first started, by subject; empty: not all has."""
        until = fault_at + OBSERVED_SECONDS
        if time.time() <= until:
            return {}
        due = {subject for subject, at in self._due_at.items() if fault_at <= at <= until}
        starts = self._starts()
        return {subject: starts[subject].at for subject in due} if due <= starts.keys() else {}

    def _starts(self) -> dict[str, Start]:
        """The first start of each subject."""
        firsts: dict[str, Start] = {}
        for start in self.world.witness.starts():
            firsts.setdefault(start.subject, start)
        return firsts

    @property
    def _due_at(self) -> dict[str, float]:
        return {one.subject: one.due_at for one in self.planned if one.due_at is not None}

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.world.postgres.url, autocommit=True, connect_timeout=2) as connection:
            rows: list[tuple[Any, ...]] = connection.execute(query.encode()).fetchall()
            return rows
