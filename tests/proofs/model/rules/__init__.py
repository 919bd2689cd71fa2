"""The rules of the state machine, by who acts."""

from tests.proofs.model.rules.beats import Beats
from tests.proofs.model.rules.clock import Clock
from tests.proofs.model.rules.holding import Holding
from tests.proofs.model.rules.people import People
from tests.proofs.model.rules.two_at_once import TwoAtOnce
from tests.proofs.model.rules.workers import Workers

__all__ = ["Beats", "Clock", "Holding", "People", "TwoAtOnce", "Workers"]
