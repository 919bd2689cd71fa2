"""What time does, and the audit that must be clean at any moment."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.proofs.model.comparison import compare_ledger
from tests.proofs.model.draws import leaps, steps
from tests.proofs.model.stage import Stage

ACTS_BETWEEN_AUDITS = 8
"""An audit takes as long as ten comparisons."""


class Clock(Stage):
    """Time goes on, or a step back."""

    @rule(step=steps | leaps)
    def wait(self, step: timedelta) -> None:
        self.now += step

    @rule(seconds=st.sampled_from([0.01, 1, 3]))
    def step_back(self, seconds: float) -> None:
        self.now -= timedelta(seconds=seconds)

    @precondition(lambda self: self.acts_since_audit >= ACTS_BETWEEN_AUDITS)
    @rule()
    def audit(self) -> None:
        self.acts_since_audit = 0
        compare_ledger(self.ghost, self.now)
