"""What beats do: any number of them call the same functions one after the other, or at once (`two_at_once`)."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.proofs.model.acts import Expire, Fail, Fire, Recover, Succeed
from tests.proofs.model.broker import Sending
from tests.proofs.model.draws import cuts, lengths, newest_first, sendings, workers
from tests.proofs.model.stage import Stage, newest


class Beats(Stage):
    """They fire what is due, return lost runs and send messages again."""

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
            self.perform(self.change(change, self.schedule_at(0)))
        self.perform(Fire(self.now), sending=sending)

    @precondition(lambda self: self.ghost.live())
    @rule(minutes=st.sampled_from([2, 50]))
    def beat_late_and_again_in_time(self, minutes: int) -> None:
        """What fires late may still wait when the next fire time of its schedule comes."""
        for delay in (timedelta(minutes=minutes), timedelta(0)):
            coming = [each.next_fire for each in self.ghost.live() if each.next_fire]
            self.now = max(self.now, min(coming, default=self.now)) + delay
            self.perform(Fire(self.now))

    @precondition(lambda self: self.claims)
    @rule(seconds=st.sampled_from([15, 15.001, 16]))
    def recover_after_a_lease(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.perform(Recover(self.now))

    @precondition(lambda self: self.claims)
    @rule(cut=cuts)
    def expire(self, cut: int | None) -> None:
        self.perform(Expire(self.now), cut)

    @precondition(lambda self: bool(self.in_flight()))
    @rule(
        which=newest_first,
        worker=workers,
        change=st.sampled_from([None, "pause", "delete"]),
        late=st.sampled_from([None, Succeed, Fail]),
    )
    def lose_a_worker(
        self, which: int, worker: str, change: str | None, late: type[Succeed | Fail] | None
    ) -> None:
        """A lease lapses, perhaps of a schedule changed meanwhile, and the old message comes before a new one.

        Perhaps the lost worker finishes after all.
        """
        lost = newest(self.in_flight(), which)
        run = self.ghost.run(lost.run_id)
        if change is not None:
            self.perform(self.change(change, run.schedule.id))
        self.now += timedelta(seconds=16)
        self.perform(Expire(self.now))
        self.perform(self.delivery((str(run.id), run.generation), worker))
        if late is not None:
            self.perform(late(lost, self.now))
