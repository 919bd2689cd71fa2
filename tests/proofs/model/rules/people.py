"""What people do to schedules and runs."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.proofs.model.acts import Cancel, Create, Delete, Edit, RunAgain, Trigger
from tests.proofs.model.broker import Sending
from tests.proofs.model.cadences import RECURRING, Expression
from tests.proofs.model.draws import cadences, cuts, moments, newest_first, sendings, workers
from tests.proofs.model.stage import Stage, newest

MOST_SCHEDULES = 4


class People(Stage):
    """They create, edit, delete, trigger, run again and cancel."""

    @precondition(lambda self: len(self.ghost.schedules) < MOST_SCHEDULES)
    @rule(agent=st.integers(0, 1), cadence=cadences, cut=cuts)
    def create(self, agent: int, cadence: Expression | timedelta, cut: int | None) -> None:
        self.perform(
            Create(self.ghost.agents[agent], self.expression_of(cadence), self.new_payload(), self.now), cut
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
        payload = self.new_payload() if is_payload_new else None
        expression = None if cadence is None else self.expression_of(cadence)
        self.perform(Edit(self.schedule_at(which), self.now, expression, payload, name, is_active), cut)

    @precondition(lambda self: self.ghost.live())
    @rule(which=newest_first, expression=st.sampled_from(RECURRING), cut=cuts)
    def change_cadence(self, which: int, expression: Expression, cut: int | None) -> None:
        self.perform(Edit(self.schedule_at(which), self.now, expression), cut)

    @precondition(lambda self: self.ghost.live())
    @rule(which=newest_first, is_active=st.booleans(), cut=cuts)
    def pause_or_resume(self, which: int, is_active: bool, cut: int | None) -> None:
        self.perform(Edit(self.schedule_at(which), self.now, is_active=is_active), cut)

    @precondition(lambda self: any(each.is_active and each.trigger_count for each in self.ghost.live()))
    @rule(which=newest_first, resumed_at_once=st.booleans())
    def pause_after_a_start(self, which: int, resumed_at_once: bool) -> None:
        """Of a schedule that has counted something, and has perhaps a run in flight."""
        counted = [each.id for each in self.ghost.live() if each.is_active and each.trigger_count]
        schedule_id = newest(counted, which)
        self.perform(Edit(schedule_id, self.now, is_active=False))
        if resumed_at_once:
            self.perform(Edit(schedule_id, self.now, is_active=True))

    @rule(which=newest_first, cut=cuts)
    def delete(self, which: int, cut: int | None) -> None:
        self.perform(Delete(self.schedule_at(which), self.now), cut)

    @rule(which=newest_first, sending=sendings, cut=cuts, then_wait=moments)
    def trigger(self, which: int, sending: Sending, cut: int | None, then_wait: timedelta) -> None:
        self.perform(Trigger(self.schedule_at(which), self.now), cut, sending)
        self.now += then_wait

    @precondition(lambda self: self.startable())
    @rule(which=newest_first, worker=workers)
    def trigger_and_start(self, which: int, worker: str) -> None:
        """The usual way, so that the unusual ones begin from running runs as well."""
        self.perform(Trigger(newest(self.startable(), which), self.now))
        self.now += timedelta(seconds=10)
        self.perform(self.delivery_at(0, worker))

    @precondition(lambda self: self.ghost.runs)
    @rule(which=newest_first, sending=sendings, cut=cuts)
    def run_again(self, which: int, sending: Sending, cut: int | None) -> None:
        run = newest(self.ghost.runs, which)
        self.perform(RunAgain(str(run.id), run.schedule.id, self.now), cut, sending)

    @precondition(lambda self: self.ghost.runs)
    @rule(which=newest_first, cut=cuts)
    def cancel(self, which: int, cut: int | None) -> None:
        self.perform(Cancel(str(newest(self.ghost.runs, which).id), self.now), cut)
