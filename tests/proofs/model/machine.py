"""The state machine: people, beats, workers, the broker and the clock do what they may, in any order.

After every act the whole database is held against the ghost. At the end of each example everything that still
waits is worked off, and then every run must have ended and every owed instant be accounted for.
"""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize

from tests.factories import NOON
from tests.proofs.model.acts import Fire, Recover, Succeed
from tests.proofs.model.broker import broker
from tests.proofs.model.cadences import RECURRING, Expression
from tests.proofs.model.comparison import compare_ledger
from tests.proofs.model.draws import WORKERS
from tests.proofs.model.ghost import Ghost
from tests.proofs.model.rows import delete_rows, make_agents
from tests.proofs.model.rules import Beats, Clock, Holding, People, TwoAtOnce, Workers
from tests.proofs.model.stage import seen

DRAIN_STEP = timedelta(hours=2.5)
"""Longer than any wait: of a retry, a lease, or for a message to be sent again."""

DRAIN_ROUNDS = 5


class Machine(People, Holding, Beats, Workers, Clock, TwoAtOnce):
    """One example: a few schedules of two agents, from NOON on."""

    @initialize(cadence=st.sampled_from([*RECURRING, timedelta(minutes=1), timedelta(minutes=90)]))
    def begin(self, cadence: Expression | timedelta) -> None:
        delete_rows()
        broker.reset()
        self.now = NOON
        self.ghost = Ghost(make_agents())
        self.claims = []
        self.payload_count = self.acts_since_audit = 0
        self.create(0, cadence, None)

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
        for _ in range(DRAIN_ROUNDS + len(self.ghost.runs)):  # an agent with one slot has one run a round
            self.now += DRAIN_STEP
            if all(run.has_ended for run in self.ghost.runs):
                break
            self.perform(Recover(self.now))
            before = len(self.claims)
            for which in range(len(broker.sent)):
                self.perform(self.delivery_at(which, WORKERS[0]))
            for claimed in self.claims[before:]:
                self.perform(Succeed(claimed, self.now))
