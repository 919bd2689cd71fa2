"""What workers do with the messages they get, and what happens to the messages."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.proofs.model.acts import Fail, Renew, Succeed, Trigger
from tests.proofs.model.broker import broker
from tests.proofs.model.draws import WORKERS, cuts, moments, newest_first, workers
from tests.proofs.model.stage import Stage, newest


class Workers(Stage):
    """They claim, renew, finish or fail; messages come twice, late or not at all."""

    @precondition(lambda self: bool(broker.sent))
    @rule(which=newest_first, worker=workers, cut=cuts)
    def deliver(self, which: int, worker: str, cut: int | None) -> None:
        self.perform(self.delivery_at(which, worker), cut)

    @precondition(lambda self: bool(broker.sent))
    @rule(which=newest_first)
    def deliver_to_both_workers(self, which: int) -> None:
        for worker in WORKERS:
            self.perform(self.delivery_at(which, worker))

    @precondition(lambda self: bool(broker.sent))
    @rule()
    def deliver_all(self) -> None:
        waiting = {str(run.id) for run in self.ghost.runs if not run.has_ended}
        for message in sorted(
            {message for message in broker.sent if message[0] in waiting}, key=broker.sent.index
        ):
            self.perform(self.delivery(message, WORKERS[0]))

    @precondition(lambda self: bool(self._one_by_one()))
    @rule(which=newest_first, worker=workers)
    def start_two_where_there_is_one_slot(self, which: int, worker: str) -> None:
        """The second has to wait, and the one after it too."""
        schedule_id = newest(self._one_by_one(), which)
        for _ in range(2):
            self.perform(Trigger(schedule_id, self.now))
        self.now += timedelta(seconds=10)
        for number in range(2):
            self.perform(self.delivery_at(number, worker))

    def _one_by_one(self) -> list[str]:
        """The active schedules of an agent that has one call in flight at most."""
        startable = [self.ghost.schedules[schedule_id] for schedule_id in self.startable()]
        return [each.id for each in startable if each.agent.max_in_flight == 1]

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

    @precondition(lambda self: self.in_flight())
    @rule(
        which=newest_first,
        how=st.sampled_from([Succeed, Fail]),
        seconds=st.sampled_from([1, 16]),
    )
    def finish_what_is_in_flight(self, which: int, how: type[Succeed | Fail], seconds: int) -> None:
        """In time, or after the lease but before a beat has noticed."""
        self.now += timedelta(seconds=seconds)
        self.perform(how(newest(self.in_flight(), which), self.now))

    @precondition(lambda self: bool(broker.sent))
    @rule()
    def flush(self) -> None:
        broker.sent.clear()
