"""The rules of the state machine, by who acts."""

from tests.model.rules.beats import Beats
from tests.model.rules.clock import Clock
from tests.model.rules.people import People
from tests.model.rules.two_at_once import TwoAtOnce
from tests.model.rules.workers import Workers

__all__ = ["Beats", "Clock", "People", "TwoAtOnce", "Workers"]
