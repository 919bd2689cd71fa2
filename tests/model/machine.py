"""The state machine: people, beats, workers, the broker and the clock do what they may, in any order.

Whom an act concerns is drawn as an index that counts from the newest; what it came to is told to the ghost, and
after every act the whole database is held against it. At the end of each example everything that still waits is
worked off, and then every run must have ended and every owed instant be accounted for.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, TypeVar

import hypothesis
from django.db import connection
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from schedules.runs import Claimed
from tests.factories import NOON
from tests.model.acts import (
    Act,
    Cancel,
    Create,
    Delete,
    Deliver,
    Edit,
    Expire,
    Fail,
    Fire,
    Recover,
    Renew,
    RunAgain,
    Succeed,
    Trigger,
)
from tests.model.broker import LONG_QUEUE, Message, Sending, broker
from tests.model.cadences import RECURRING, Expression, once_at
from tests.model.comparison import compare, compare_ledger, compare_messages, compare_records
from tests.model.faults import Cut, Session, cut_before
from tests.model.ghost import Ghost
from tests.model.overlaps import orders, overlapped
from tests.model.rows import delete_rows, make_agents

MOST_SCHEDULES = 4
DRAIN_STEP = timedelta(hours=2.5)
"""Longer than any wait: of a retry, a lease, or for a message to be sent again."""

DRAIN_ROUNDS = 5
WORKERS = ("worker-1", "worker-2")
Found = TypeVar("Found")

seen: Final[Counter[str]] = Counter()
"""How often each event occurred in this process: a machine that never gets anywhere proves nothing."""

newest_first = st.sampled_from([0, 0, 0, 0, 1, 1, 2, 3, 5, 8, 13])
moments = st.sampled_from([0, 0, 10, 60]).map(lambda seconds: timedelta(seconds=seconds))
workers = st.sampled_from(WORKERS)
cuts = st.one_of(*[st.none()] * 6, st.integers(0, 6))
sendings = st.sampled_from([Sending.ARRIVES, Sending.ARRIVES, *Sending])
once_offsets = st.sampled_from([1, 10, 60, 90, 180, -1, 0]).map(lambda minutes: timedelta(minutes=minutes))
cadences = st.sampled_from(RECURRING) | once_offsets
lengths = st.sampled_from([0, 0, 0, 0, LONG_QUEUE, None])
steps = st.sampled_from([1, 3, 10, 14, 16, 31, 61, 300, 1800]).map(lambda seconds: timedelta(seconds=seconds))
leaps = st.sampled_from([1, 1.5, 2.75, 7, 30]).map(lambda hours: timedelta(hours=hours))
kinds = st.sampled_from(
    [
        *("fire", "fire", "expire", "deliver", "deliver", "succeed", "fail", "cancel", "trigger"),
        *("rename", "recadence", "pause", "resume", "delete"),
    ]
)


def overlaps_are_possible() -> bool:
    """SQLite lets one transaction write at a time and nobody see it before its end: there is nothing to overlap."""
    return connection.vendor == "postgresql"


class Machine(RuleBasedStateMachine):
    """One example: a few schedules of two agents, from NOON on."""

    sessions: tuple[Session, Session] | None = None

    @initialize(cadence=st.sampled_from([*RECURRING, timedelta(minutes=1), timedelta(minutes=90)]))
    def begin(self, cadence: Expression | timedelta) -> None:
        delete_rows()
        broker.reset()
        self.now = NOON
        self.ghost = Ghost(make_agents())
        self.claims: list[Claimed] = []
        self.payload_count = 0
        self.create(0, cadence, None)

    # People

    @precondition(lambda self: len(self.ghost.schedules) < MOST_SCHEDULES)
    @rule(agent=st.integers(0, 1), cadence=cadences, cut=cuts)
    def create(self, agent: int, cadence: Expression | timedelta, cut: int | None) -> None:
        self.perform(
            Create(self.ghost.agents[agent], self._expression(cadence), self._payload(), self.now), cut
        )

    @rule(
        which=newest_first,
        cadence=st.none() | cadences,
        is_payload_new=st.booleans(),
        name=st.none() | st.sampled_from(["one", "two"]),
        is_active=st.sampled_from([None, None, True, False]),
        cut=cuts,
    )
    def edit(
        self,
        which: int,
        cadence: Expression | timedelta | None,
        is_payload_new: bool,
        name: str | None,
        is_active: bool | None,
        cut: int | None,
    ) -> None:
        payload = self._payload() if is_payload_new else None
        expression = None if cadence is None else self._expression(cadence)
        self.perform(Edit(self._schedule(which), self.now, expression, payload, name, is_active), cut)

    @precondition(lambda self: self.ghost.live())
    @rule(which=newest_first, expression=st.sampled_from(RECURRING), cut=cuts)
    def change_cadence(self, which: int, expression: Expression, cut: int | None) -> None:
        self.perform(Edit(self._schedule(which), self.now, expression), cut)

    @precondition(lambda self: self.ghost.live())
    @rule(which=newest_first, is_active=st.booleans(), cut=cuts)
    def pause_or_resume(self, which: int, is_active: bool, cut: int | None) -> None:
        self.perform(Edit(self._schedule(which), self.now, is_active=is_active), cut)

    @rule(which=newest_first, cut=cuts)
    def delete(self, which: int, cut: int | None) -> None:
        self.perform(Delete(self._schedule(which), self.now), cut)

    @rule(which=newest_first, sending=sendings, cut=cuts, then_wait=moments)
    def trigger(self, which: int, sending: Sending, cut: int | None, then_wait: timedelta) -> None:
        self.perform(Trigger(self._schedule(which), self.now), cut, sending)
        self.now += then_wait

    @precondition(lambda self: any(each.is_active for each in self.ghost.live()))
    @rule(which=newest_first, worker=workers)
    def trigger_and_start(self, which: int, worker: str) -> None:
        """The usual way, so that the unusual ones begin from running runs as well."""
        active = [each.id for each in self.ghost.live() if each.is_active]
        self.perform(Trigger(newest(active, which), self.now))
        self.now += timedelta(seconds=10)
        self.perform(self._deliver(0, worker))

    @precondition(lambda self: self.ghost.runs)
    @rule(which=newest_first, sending=sendings, cut=cuts)
    def run_again(self, which: int, sending: Sending, cut: int | None) -> None:
        run = newest(self.ghost.runs, which)
        self.perform(RunAgain(str(run.id), run.schedule.id, self.now), cut, sending)

    @precondition(lambda self: self.ghost.runs)
    @rule(which=newest_first, cut=cuts)
    def cancel(self, which: int, cut: int | None) -> None:
        self.perform(Cancel(str(newest(self.ghost.runs, which).id), self.now), cut)

    # Beats: any number of them call the same functions one after the other, or at once (`overlap`).

    @rule(sending=sendings, cut=cuts)
    def beat(self, sending: Sending, cut: int | None) -> None:
        self.perform(Fire(self.now), cut, sending)

    @rule()
    def beats_take_turns(self) -> None:
        self.perform(Fire(self.now, limit=1))

    @precondition(lambda self: self.ghost.runs)
    @rule(sending=sendings, length=lengths)
    def recover(self, sending: Sending, length: int | None) -> None:
        self.perform(Recover(self.now, length), sending=sending)

    @precondition(lambda self: self.ghost.live())
    @rule(sending=sendings, change=st.sampled_from([None, None, "pause", "recadence", "delete"]))
    def beat_at_the_next_fire_time(self, sending: Sending, change: str | None) -> None:
        """Perhaps somebody changes the newest schedule just before the beat."""
        coming = [each.next_fire for each in self.ghost.live() if each.next_fire]
        self.now = max(self.now, min(coming, default=self.now))
        if change is not None:
            self.perform(self._act_on_schedule(change, self._schedule(0)))
        self.perform(Fire(self.now), sending=sending)

    @precondition(lambda self: self.claims)
    @rule(seconds=st.sampled_from([15, 15.001, 16]))
    def recover_after_a_lease(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.perform(Recover(self.now))

    @precondition(lambda self: self.claims)
    @rule(cut=cuts)
    def expire(self, cut: int | None) -> None:
        self.perform(Expire(self.now), cut)

    @precondition(lambda self: bool(self.claims))
    @rule(which=newest_first, worker=workers, change=st.sampled_from([None, "pause", "delete"]))
    def lose_a_worker(self, which: int, worker: str, change: str | None) -> None:
        """A lease lapses, perhaps of a schedule changed meanwhile, and the old message comes before a new one."""
        run = self.ghost.run(newest(self.claims, which).run_id)
        if change is not None:
            self.perform(self._act_on_schedule(change, run.schedule.id))
        self.now += timedelta(seconds=16)
        self.perform(Expire(self.now))
        self.perform(self._delivery((str(run.id), run.generation), worker))

    # Workers and the broker

    @precondition(lambda self: bool(broker.sent))
    @rule(which=newest_first, worker=workers, cut=cuts)
    def deliver(self, which: int, worker: str, cut: int | None) -> None:
        self.perform(self._deliver(which, worker), cut)

    @precondition(lambda self: bool(broker.sent))
    @rule(which=newest_first)
    def deliver_to_both_workers(self, which: int) -> None:
        for worker in WORKERS:
            self.perform(self._deliver(which, worker))

    @precondition(lambda self: bool(broker.sent))
    @rule()
    def deliver_all(self) -> None:
        waiting = {str(run.id) for run in self.ghost.runs if not run.has_ended}
        for message in sorted(
            {message for message in broker.sent if message[0] in waiting}, key=broker.sent.index
        ):
            self.perform(self._delivery(message, WORKERS[0]))

    @precondition(lambda self: self.claims)
    @rule(worker=workers)
    def renew(self, worker: str) -> None:
        self.perform(Renew(worker, frozenset(claimed.run_id for claimed in self.claims), self.now))

    @precondition(lambda self: self.claims)
    @rule(which=newest_first, cut=cuts)
    def succeed(self, which: int, cut: int | None) -> None:
        self.perform(Succeed(newest(self.claims, which), self.now), cut)

    @precondition(lambda self: self.claims)
    @rule(
        which=newest_first,
        is_retryable=st.sampled_from([True, True, False]),
        minutes=st.sampled_from([None, None, 5]),
        cut=cuts,
        then_wait=moments,
    )
    def fail(
        self, which: int, is_retryable: bool, minutes: int | None, cut: int | None, then_wait: timedelta
    ) -> None:
        retry_after = None if minutes is None else timedelta(minutes=minutes)
        self.perform(Fail(newest(self.claims, which), self.now, is_retryable, retry_after), cut)
        self.now += then_wait

    @precondition(lambda self: bool(broker.sent))
    @rule()
    def flush(self) -> None:
        broker.sent.clear()

    # The clock

    @rule(step=steps | leaps)
    def wait(self, step: timedelta) -> None:
        self.now += step

    @rule(seconds=st.sampled_from([0.01, 1, 3]))
    def step_back(self, seconds: float) -> None:
        self.now -= timedelta(seconds=seconds)

    @rule()
    def audit(self) -> None:
        compare_ledger(self.ghost, self.now)

    # Two at once

    @precondition(lambda self: overlaps_are_possible())
    @rule(first=kinds, second=kinds, which=newest_first, other=newest_first, pause=st.integers(0, 5))
    def overlap(self, first: str, second: str, which: int, other: int, pause: int) -> None:
        acts = self._act(first, which, WORKERS[0]), self._act(second, other, WORKERS[1])
        if acts[0] is None or acts[1] is None:
            return
        assert self.sessions is not None
        outcomes, is_blocked = overlapped(self.sessions, (acts[0], acts[1]), pause)
        self._settle(list(zip((acts[0], acts[1]), outcomes, strict=True)))
        self.ghost.note("waited for another session" if is_blocked else "two sessions at once")
        self._count_events()

    def _act(self, kind: str, which: int, worker: str) -> Act | None:
        """The act of this kind, if there is anything it can be done to."""
        if kind in ("succeed", "fail"):
            acts = {"succeed": Succeed, "fail": Fail}
            return acts[kind](newest(self.claims, which), self.now) if self.claims else None
        if kind == "deliver":
            return self._deliver(which, worker) if broker.sent else None
        if kind == "cancel":
            runs = self.ghost.runs
            return Cancel(str(newest(runs, which).id), self.now) if runs else None
        return self._act_on_schedule(kind, self._schedule(which))

    def _act_on_schedule(self, kind: str, schedule_id: str) -> Act:
        acts: dict[str, Act] = {
            "fire": Fire(self.now),
            "expire": Expire(self.now),
            "trigger": Trigger(schedule_id, self.now),
            "rename": Edit(schedule_id, self.now, name="three", payload=self._payload()),
            "recadence": Edit(schedule_id, self.now, RECURRING[self.payload_count % len(RECURRING)]),
            "pause": Edit(schedule_id, self.now, is_active=False),
            "resume": Edit(schedule_id, self.now, is_active=True),
            "delete": Delete(schedule_id, self.now),
        }
        return acts[kind]

    # Doing and judging

    def perform(self, act: Act, cut: int | None = None, sending: Sending = Sending.ARRIVES) -> None:
        """Do it under the faults that were drawn, tell the ghost what came of it, and compare."""
        seen["acts"] += 1
        broker.sending = sending
        try:
            with cut_before(cut):
                outcome = act.do()
        except Cut:  # then nothing has happened
            self.ghost.note("cut off before the commit")
        else:
            act.see(self.ghost, outcome)
            self._keep(outcome)
        finally:
            broker.sending = Sending.ARRIVES
        self._compare()

    def _settle(self, done: list[tuple[Act, Any]]) -> None:
        """Two acts at once must have come to what they come to one after the other, in one order at least."""
        refuted = []
        for ghost, order in orders(self.ghost, done):
            try:
                for act, outcome in order:
                    act.see(ghost, outcome)
                compare(ghost)
                compare_records(ghost)
            except AssertionError as error:
                refuted.append(str(error))
            else:
                self.ghost = ghost
                break
        else:
            raise AssertionError(f"in no order could this have been: {refuted}")
        for _, outcome in done:
            self._keep(outcome)
        compare_messages(self.ghost, broker.sent)

    def _keep(self, outcome: Any) -> None:
        if isinstance(outcome, Claimed):
            self.claims.append(outcome)

    def _compare(self) -> None:
        compare(self.ghost)
        compare_messages(self.ghost, broker.sent)
        self._count_events()

    def _count_events(self) -> None:
        for event in self.ghost.events:
            hypothesis.event(event)
        seen.update(self.ghost.events)
        self.ghost.events.clear()

    # The end of an example

    def teardown(self) -> None:
        if not hasattr(self, "ghost"):
            return
        seen["examples"] += 1
        self.perform(Fire(self.now))
        self._drain()
        for run in self.ghost.runs:
            assert run.has_ended, f"a run is still {run.state}"
            assert run.started or run.state in ("discarded", "cancelled"), "an accepted run was never started"
            assert len(run.started) == len(set(run.started)) <= run.attempt, "more starts than attempts"
        compare_ledger(self.ghost, self.now)

    def _drain(self) -> None:
        """No faults any more, and no new firings: whatever waits is sent again, started and finished."""
        broker.sent.clear()
        for _ in range(DRAIN_ROUNDS):
            self.now += DRAIN_STEP
            if all(run.has_ended for run in self.ghost.runs):
                break
            self.perform(Recover(self.now))
            before = len(self.claims)
            for which in range(len(broker.sent)):
                self.perform(self._deliver(which, WORKERS[0]))
            for claimed in self.claims[before:]:
                self.perform(Succeed(claimed, self.now))

    def _deliver(self, which: int, worker: str) -> Deliver:
        return self._delivery(newest(broker.sent, which), worker)

    def _delivery(self, message: Message, worker: str) -> Deliver:
        run_id, generation = message
        return Deliver(run_id, generation, self.ghost.run(run_id).schedule.id, worker, self.now)

    def _schedule(self, which: int) -> str:
        return newest(list(self.ghost.schedules), which)

    def _payload(self) -> dict[str, Any]:
        """A payload like no other."""
        self.payload_count += 1
        return {"input": f"payload {self.payload_count}"}

    def _expression(self, cadence: Expression | timedelta) -> Expression:
        return once_at(self.now + cadence) if isinstance(cadence, timedelta) else cadence


def newest(of: Sequence[Found], which: int) -> Found:
    """One of them, counted from the newest."""
    return of[len(of) - 1 - which % len(of)]
