"""What people do: create, edit, delete, trigger, run again, cancel."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from schedules import editing
from schedules.editing import NewSchedule, ScheduleChanges
from schedules.errors import Refused, RunNotRetryable, ScheduleInactive, ScheduleNotFound
from schedules.expressions import InvalidExpression
from schedules.models import Agent, Run, Schedule
from schedules.runs import transitions
from schedules.triggering import run_now
from tests.proofs.model.acts.act import KILLED, TRIGGER_DELAY, Sent, redispatch_wait, sending
from tests.proofs.model.cadences import Expression
from tests.proofs.model.ghost import CANCELLED, DISCARDED, FAILED, Ghost, GhostAgent, GhostRun, GhostSchedule

PERSON = "apk_model"


@dataclass(frozen=True)
class Create:
    """A person makes a schedule."""

    agent: GhostAgent
    expression: Expression
    payload: dict[str, Any]
    now: datetime
    locks: str | None = None

    def do(self) -> Schedule | InvalidExpression:
        new = NewSchedule(self.expression.type, self.expression.text, self.payload)
        try:
            return editing.create(Agent.objects.get(id=self.agent.id), new, PERSON, self.now)
        except InvalidExpression as refusal:
            return refusal

    def see(self, ghost: Ghost, outcome: Schedule | InvalidExpression) -> None:
        first = ghost.first_fire(self.expression, self.now)
        assert (first is None) == isinstance(outcome, InvalidExpression), "created for the past, or refused"
        if first is None or isinstance(outcome, InvalidExpression):
            return
        schedule = GhostSchedule(
            id=outcome.id,
            agent=self.agent,
            expression=self.expression,
            payload=self.payload,
            name=None,
            anchor=self.now,
            edited_at=self.now,
            next_fire=first,
        )
        ghost.schedules[schedule.id] = schedule
        ghost.begin(schedule)


@dataclass(frozen=True)
class Edit:
    """A person changes a schedule: what is not None."""

    schedule_id: str
    now: datetime
    expression: Expression | None = None
    payload: dict[str, Any] | None = None
    name: str | None = None
    is_active: bool | None = None

    @property
    def locks(self) -> str:
        return self.schedule_id

    def do(self) -> Schedule | InvalidExpression | ScheduleNotFound:
        try:
            return editing.update(self.schedule_id, self._changes(), PERSON, self.now)
        except (InvalidExpression, ScheduleNotFound) as refusal:
            return refusal

    def _changes(self) -> ScheduleChanges:
        changes: dict[str, Any] = {
            "payload": self.payload,
            "display_name": self.name,
            "is_active": self.is_active,
        }
        if self.expression is not None:
            changes |= {"type": self.expression.type, "expression": self.expression.text}
        return {name: value for name, value in changes.items() if value is not None}  # type: ignore[return-value]

    def see(self, ghost: Ghost, outcome: Schedule | InvalidExpression | ScheduleNotFound) -> None:
        schedule = ghost.schedules[self.schedule_id]
        assert schedule.is_deleted == isinstance(outcome, ScheduleNotFound)
        if schedule.is_deleted or not self._changes():
            return
        at = ghost.moment(schedule, self.now)
        if at > self.now:
            ghost.note("edit: after what its clock had not seen")
        first = ghost.first_fire(self.expression or schedule.expression, at)
        is_refused = self._is_restart(schedule) and first is None
        assert is_refused == isinstance(outcome, InvalidExpression), "an edit for the past, or refused"
        if not is_refused:
            schedule.edited_at = at
            schedule.payload = self.payload or schedule.payload
            schedule.name = self.name or schedule.name
            self._change_cadence(ghost, schedule, at, first)

    def _is_new_cadence(self, schedule: GhostSchedule) -> bool:
        return self.expression not in (None, schedule.expression)

    def _is_restart(self, schedule: GhostSchedule) -> bool:
        return self._is_new_cadence(schedule) or (self.is_active is True and not schedule.is_active)

    def _change_cadence(
        self, ghost: Ghost, schedule: GhostSchedule, at: datetime, first: datetime | None
    ) -> None:
        is_new, is_restart = self._is_new_cadence(schedule), self._is_restart(schedule)
        was_finished = schedule.is_finished
        is_paused = (schedule.is_active or was_finished) and self.is_active is False
        if is_restart or is_paused:
            ghost.end_epoch(schedule, "paused" if is_paused else "replaced", at)
        if self.is_active is not None:
            schedule.is_active = self.is_active
        elif was_finished and is_new:
            schedule.is_active = True
            ghost.note("edit: a finished once goes on")
        if is_paused:
            schedule.next_fire, schedule.is_finished = None, False
            ghost.note("edit: a finished once is paused" if was_finished else "edit: paused")
            discard_pending(ghost, schedule, "schedule_inactive")
        if is_restart:
            schedule.expression = self.expression or schedule.expression
            schedule.generation += 1
            schedule.anchor, schedule.is_finished = at, False
        if is_new:
            schedule.trigger_count = 0
        if is_restart and schedule.is_active:
            schedule.next_fire = first
            ghost.begin(schedule)
            ghost.note("edit: a new generation")


@dataclass(frozen=True)
class Delete:
    """A person deletes a schedule."""

    schedule_id: str
    now: datetime

    @property
    def locks(self) -> str:
        return self.schedule_id

    def do(self) -> ScheduleNotFound | None:
        try:
            editing.delete(self.schedule_id, PERSON, self.now)
        except ScheduleNotFound as refusal:
            return refusal
        return None

    def see(self, ghost: Ghost, outcome: ScheduleNotFound | None) -> None:
        schedule = ghost.schedules[self.schedule_id]
        assert schedule.is_deleted == isinstance(outcome, ScheduleNotFound)
        if schedule.is_deleted:
            return
        at = ghost.moment(schedule, self.now)
        ghost.end_epoch(schedule, "deleted", at)
        schedule.edited_at = schedule.deleted_at = at
        schedule.is_active, schedule.is_finished, schedule.next_fire = False, False, None
        discard_pending(ghost, schedule, "schedule_deleted")


@dataclass(frozen=True)
class Trigger:
    """A person says run now."""

    schedule_id: str
    now: datetime

    @property
    def locks(self) -> str:
        return self.schedule_id

    def do(self) -> Sent:
        return sending(lambda: run_or_refusal(lambda: run_now.trigger(self.schedule_id, self.now)))

    def see(self, ghost: Ghost, outcome: Sent) -> None:
        add_manual(ghost, ghost.schedules[self.schedule_id], self.now, None, outcome)


@dataclass(frozen=True)
class RunAgain:
    """A person runs an ended run's work again."""

    run_id: str
    schedule_id: str
    now: datetime

    @property
    def locks(self) -> str:
        return self.schedule_id

    def do(self) -> Sent:
        return sending(lambda: run_or_refusal(lambda: run_now.run_again(self.run_id, self.now)))

    def see(self, ghost: Ghost, outcome: Sent) -> None:
        run = ghost.run(self.run_id)
        is_repeatable = run.state in (FAILED, CANCELLED, DISCARDED)
        is_live = run.schedule.is_active or run.schedule.is_finished
        is_open = any(each.again_of == self.run_id and not each.has_ended for each in ghost.runs)
        is_possible = is_repeatable and not (is_live and is_open)
        assert is_possible != isinstance(outcome.result, RunNotRetryable)
        if is_repeatable and not is_possible:
            ghost.note("run again while an earlier repetition is open")
        if is_possible:
            add_manual(ghost, run.schedule, self.now, run.payload, outcome, again_of=self.run_id)
            ghost.note("run again of a finished once" if run.schedule.is_finished else "run again")


@dataclass(frozen=True)
class Cancel:
    """A person ends a run."""

    run_id: str
    now: datetime
    locks: str | None = None

    def do(self) -> bool:
        return transitions.cancel(self.run_id, self.now)

    def see(self, ghost: Ghost, outcome: bool) -> None:
        run = ghost.run(self.run_id)
        assert outcome == (not run.has_ended), "cancelled what had ended, or did not what had not"
        if outcome:
            ghost.note(f"cancelled while {run.state}")
            run.end(CANCELLED, "cancelled_by_person")


def run_or_refusal(call: Callable[[], Run]) -> Run | Refused:
    """The run, or why there is none."""
    try:
        return call()
    except (RunNotRetryable, ScheduleInactive, ScheduleNotFound) as refusal:
        return refusal


def add_manual(
    ghost: Ghost,
    schedule: GhostSchedule,
    now: datetime,
    payload: dict[str, Any] | None,
    outcome: Sent,
    *,
    again_of: str | None = None,
) -> None:
    """A run was asked for: refused by an inactive or deleted schedule, else it exists from now on."""
    assert schedule.is_deleted == isinstance(outcome.result, ScheduleNotFound)
    is_on = schedule.is_active or (again_of is not None and schedule.is_finished)
    is_accepted = is_on and not ghost.is_held(schedule.agent)
    is_paused = not is_accepted and not schedule.is_deleted
    assert is_paused == isinstance(outcome.result, ScheduleInactive)
    assert len(outcome.messages) == is_accepted, "one message, and only for what was accepted"
    if is_accepted:
        start = now + TRIGGER_DELAY
        again = start + redispatch_wait()
        [(run_id, _)] = outcome.messages
        run = GhostRun(schedule, schedule.generation, (start, start), (again, again), now, payload=payload)
        ghost.runs.append(replace(run, id=run_id, again_of=again_of))
        ghost.note("triggered" if outcome.result != KILLED else "killed before the message of a trigger left")


def discard_pending(ghost: Ghost, schedule: GhostSchedule, reason: str) -> None:
    """The schedule's runs that wait never start."""
    for run in list(ghost.pending_of(schedule)):
        run.end(DISCARDED, reason)
        ghost.note(f"discarded at once: {reason}")
