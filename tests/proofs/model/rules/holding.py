"""What people do to whole agents, and to everything, and what beats make of it."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.proofs.model.acts import DiscardHeld, Fire, Hold, Release
from tests.proofs.model.draws import cuts
from tests.proofs.model.ghost import GhostAgent
from tests.proofs.model.stage import Stage

reaches = st.sampled_from([0, 1, None])


class Holding(Stage):
    """Holds begin and end; most end soon, or nothing else would ever happen."""

    @rule(which=reaches, cut=cuts)
    def hold(self, which: int | None, cut: int | None) -> None:
        self.perform(Hold(self._agent(which), self.now), cut)

    @precondition(lambda self: any(hold.ended_at is None for hold in self.ghost.holds))
    @rule(cut=cuts)
    def release(self, cut: int | None) -> None:
        [hold, *_] = [hold for hold in self.ghost.holds if hold.ended_at is None]
        self.perform(Release(hold.agent, self.now), cut)

    @precondition(lambda self: any(hold.ended_at is None for hold in self.ghost.holds))
    @rule()
    def release_all(self) -> None:
        for hold in [hold for hold in self.ghost.holds if hold.ended_at is None]:
            self.perform(Release(hold.agent, self.now))

    @precondition(lambda self: any(hold.is_watched for hold in self.ghost.holds))
    @rule(cut=cuts)
    def discard_held(self, cut: int | None) -> None:
        self.perform(DiscardHeld(self.now), cut)

    @precondition(lambda self: self.ghost.live())
    @rule(which=reaches, is_over_before_the_beat=st.booleans())
    def hold_over_a_fire_time(self, which: int | None, is_over_before_the_beat: bool) -> None:
        """It begins before the next fire time; a beat comes while it lasts, or when it is over."""
        agent = self._agent(which)
        self.perform(Hold(agent, self.now))
        coming = [each.next_fire for each in self.ghost.live() if each.next_fire]
        self.now = max(self.now, min(coming, default=self.now))
        if not is_over_before_the_beat:
            self.perform(Fire(self.now))
        self.perform(Release(agent, self.now))
        self.perform(Fire(self.now))

    def _agent(self, which: int | None) -> GhostAgent | None:
        return None if which is None else self.ghost.agents[which]
