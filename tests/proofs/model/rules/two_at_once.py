"""Two acts overlap in two database sessions."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.proofs.model.acts import Act, Cancel, Fail, Succeed
from tests.proofs.model.broker import broker
from tests.proofs.model.comparison import compare, compare_messages, compare_records
from tests.proofs.model.draws import WORKERS, kinds, newest_first
from tests.proofs.model.faults import Session
from tests.proofs.model.overlaps import orders, overlapped, overlaps_are_possible
from tests.proofs.model.stage import Stage, newest


class TwoAtOnce(Stage):
    """Whatever they come to, they come to in one order or the other."""

    sessions: tuple[Session, Session] | None = None

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
        self.count_events()

    def _act(self, kind: str, which: int, worker: str) -> Act | None:
        """The act of this kind, if there is anything it can be done to."""
        if kind in ("succeed", "fail"):
            finish = Succeed if kind == "succeed" else Fail
            return finish(newest(self.claims, which), self.now) if self.claims else None
        if kind == "deliver":
            return self.delivery_at(which, worker) if broker.sent else None
        if kind == "cancel":
            runs = self.ghost.runs
            return Cancel(str(newest(runs, which).id), self.now) if runs else None
        return self.change(kind, self.schedule_at(which))

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
            self.keep(outcome)
        compare_messages(self.ghost, broker.sent)
