"""Holds: a person makes and lifts them, a beat discards what waited when they began."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schedules import holds
from schedules.holds import Reach
from schedules.models import Agent
from schedules.runs.held import discard_held
from tests.proofs.model.ghost import DISCARDED, PENDING, Ghost, GhostAgent, GhostHold

PERSON = "apk_model"


def _reach(agent: GhostAgent | None) -> Reach:
    if agent is None:
        return Reach()
    return Reach.of_agent(Agent.objects.select_related("workspace").get(id=agent.id))


@dataclass(frozen=True)
class Hold:
    """A person holds an agent, or (None) everything."""

    agent: GhostAgent | None
    now: datetime
    locks: str | None = None

    def do(self) -> Any:
        return holds.hold(_reach(self.agent), PERSON, now=self.now)

    def see(self, ghost: Ghost, outcome: Any) -> None:
        there = ghost.hold_of(self.agent)
        if there is None:
            ghost.holds.append(GhostHold(self.agent, self.now))
            ghost.note("held" if self.agent else "held: everything")
        assert outcome.began_at == (self.now if there is None else there.began_at)


@dataclass(frozen=True)
class Release:
    """A person lifts that hold."""

    agent: GhostAgent | None
    now: datetime
    locks: str | None = None

    def do(self) -> Any:
        return holds.release(_reach(self.agent), now=self.now)

    def see(self, ghost: Ghost, outcome: Any) -> None:
        there = ghost.hold_of(self.agent)
        assert (there is None) == (outcome is None), "lifted what was not held, or did not what was"
        if there is not None:
            there.ended_at = ghost.end_of(there, self.now)
            ghost.note("released")


@dataclass(frozen=True)
class DiscardHeld:
    """A beat discards what holds have found waiting, and looks no more at those that are over."""

    now: datetime
    locks: str | None = None

    def do(self) -> int:
        return discard_held(self.now)

    def see(self, ghost: Ghost, outcome: int) -> None:
        stopped = [run for run in ghost.runs if run.state == PENDING and ghost.stops(run)]
        assert outcome == len(stopped), f"{outcome} runs discarded, {len(stopped)} were held"
        for run in stopped:
            run.end(DISCARDED, "schedule_inactive")
            ghost.note("discarded by a beat: held")
        for hold in ghost.holds:
            hold.is_watched = hold.is_watched and hold.ended_at is None
