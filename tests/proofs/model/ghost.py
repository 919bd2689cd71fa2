"""The ghost: what must be true of every schedule and run, known from what was done and never read back.

It follows the contract, step by step, in the plainest words; the comparison holds the database against it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.proofs.model.cadences import Expression, instants, next_after

PENDING, RUNNING, SUCCEEDED, FAILED, CANCELLED, DISCARDED = (
    *("pending", "running", "succeeded", "failed", "cancelled", "discarded"),
)
ENDED = (SUCCEEDED, FAILED, CANCELLED, DISCARDED)
LEAP = timedelta(seconds=30)
"""What is further ahead than this is of no time that there was."""


@dataclass(frozen=True)
class GhostAgent:
    """An agent as the model made it."""

    id: str
    max_attempts: int
    retry_base: timedelta
    retry_cap: timedelta
    max_in_flight: int | None = None
    """None: more than the model ever has."""


@dataclass
class GhostEpoch:
    """One cadence, from when until when."""

    generation: int
    expression: Expression
    began_at: datetime
    ended_at: datetime | None = None
    ended_by: str = ""


@dataclass(frozen=True)
class GhostMissed:
    """Instants that were due and get no run."""

    schedule_id: str
    generation: int
    first: datetime
    last: datetime
    count: int
    reason: str


@dataclass
class GhostSchedule:
    """A schedule as the contract says it is."""

    id: str
    agent: GhostAgent
    expression: Expression
    payload: dict[str, Any]
    name: str | None
    anchor: datetime
    edited_at: datetime
    next_fire: datetime | None
    generation: int = 1
    is_active: bool = True
    is_finished: bool = False
    deleted_at: datetime | None = None
    trigger_count: int = 0
    last_triggered_at: datetime | None = None
    epochs: list[GhostEpoch] = field(default_factory=list)

    @property
    def is_deleted(self) -> bool:
        """It is gone for clients."""
        return self.deleted_at is not None


@dataclass
class GhostRun:
    """A run: what was started and what became of it.

    Some instants are chosen by chance (a retry's wait) or among equals (turns after an outage): of those the
    ghost knows the earliest and the latest.
    """

    schedule: GhostSchedule
    generation: int
    not_before: tuple[datetime, datetime]
    redispatch: tuple[datetime, datetime]
    created_at: datetime
    fire_time: datetime | None = None
    is_misfire: bool = False
    id: str | None = None
    state: str = PENDING
    reason: str = ""
    attempt: int = 1
    payload: dict[str, Any] | None = None
    lease_until: datetime | None = None
    worker: str = ""
    started: list[int] = field(default_factory=list)
    started_at: datetime | None = None
    redispatch_count: int = 0
    may_be_discarded: str | None = None
    again_of: str | None = None

    @property
    def has_ended(self) -> bool:
        """Nothing may happen to it any more."""
        return self.state in ENDED

    def why_stale(self) -> str | None:
        """Why it may not start; None: it may."""
        if self.schedule.is_deleted:
            return "schedule_deleted"
        if self.schedule.generation != self.generation:
            return "stale_generation"
        if not (self.schedule.is_active or self.schedule.is_finished):
            return "schedule_inactive"
        return None

    def end(self, state: str, reason: str = "") -> None:
        """It is over."""
        assert not self.has_ended, f"a run that had ended as {self.state} ended again"
        self.state, self.reason, self.lease_until, self.worker = state, reason, None, ""
        self.may_be_discarded = None

    def wait_again(self, earliest: datetime, latest: datetime) -> None:
        """Its attempt is over, the next one waits."""
        self.state, self.lease_until, self.worker = PENDING, None, ""
        self.attempt += 1
        assert self.attempt <= self.schedule.agent.max_attempts, "an attempt too many"
        self.not_before = self.redispatch = (earliest, latest)
        self.redispatch_count = 0


@dataclass
class GhostHold:
    """Nothing of an agent, or (None) of all agents, fires or starts, from when until when."""

    agent: GhostAgent | None
    began_at: datetime
    ended_at: datetime | None = None
    is_watched: bool = True

    def reaches(self, agent: GhostAgent) -> bool:
        """Whether the agent is one of them."""
        return self.agent is None or self.agent.id == agent.id


@dataclass
class Ghost:
    """All schedules and runs there ever were, and the records of what was missed."""

    agents: list[GhostAgent]
    schedules: dict[str, GhostSchedule] = field(default_factory=dict)
    runs: list[GhostRun] = field(default_factory=list)
    missed: list[GhostMissed] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    holds: list[GhostHold] = field(default_factory=list)

    def note(self, event: str) -> None:
        """Something worth reaching was reached."""
        self.events.append(event)

    def run(self, run_id: str) -> GhostRun:
        """The run of this id."""
        runs = [run for run in self.runs if run.id == run_id]
        assert runs, f"nobody made the run {run_id}"
        return runs[0]

    def hold_of(self, agent: GhostAgent | None) -> GhostHold | None:
        """What holds just this, and has not ended."""
        reached = agent.id if agent else None
        found = (hold for hold in self.holds if (hold.agent.id if hold.agent else None) == reached)
        return next((hold for hold in found if hold.ended_at is None), None)

    def is_held(self, agent: GhostAgent) -> bool:
        """Whether anything holds the agent."""
        return any(hold.reaches(agent) and hold.ended_at is None for hold in self.holds)

    def stops(self, run: GhostRun) -> bool:
        """Whether a hold keeps a waiting run from ever starting: it lasts, or found it waiting."""
        reaching = [hold for hold in self.holds if hold.reaches(run.schedule.agent) and hold.is_watched]
        return any(hold.ended_at is None or hold.began_at > run.created_at for hold in reaching)

    def held_until(self, schedule: GhostSchedule, fire_time: datetime, now: datetime) -> datetime | None:
        """Up to when fire times have gone by under holds that a beat knows of at `now`; None: none has."""
        beyond = now + timedelta(microseconds=1)
        known = (hold for hold in self.holds if hold.reaches(schedule.agent) and hold.began_at <= now)
        ends = [min(hold.ended_at or beyond, beyond) for hold in known]
        return max((end for end in ends if end > fire_time), default=None)

    def end_of(self, hold: GhostHold, now: datetime) -> datetime:
        """When a hold that is lifted now has ended: after all that it has stopped, if the clock was set back."""
        stopped = [
            record.last
            for record in self.missed
            if record.reason == "paused" and hold.reaches(self.schedules[record.schedule_id].agent)
        ]
        return max([now, *(last for last in stopped if last <= now + LEAP)])

    def live(self) -> list[GhostSchedule]:
        """The schedules that are not deleted."""
        return [schedule for schedule in self.schedules.values() if not schedule.is_deleted]

    def pending_of(self, schedule: GhostSchedule) -> Iterator[GhostRun]:
        """The runs of a schedule that wait."""
        return (run for run in self.runs if run.schedule is schedule and run.state == PENDING)

    def in_flight(self, agent: GhostAgent, now: datetime) -> int:
        """How many calls of the agent hold a slot."""
        running = (run for run in self.runs if run.schedule.agent is agent and run.state == RUNNING)
        return sum(run.lease_until is not None and run.lease_until > now for run in running)

    def is_full(self, agent: GhostAgent, now: datetime) -> bool:
        """Whether no call of the agent may begin."""
        return agent.max_in_flight is not None and self.in_flight(agent, now) >= agent.max_in_flight

    def moment(self, schedule: GhostSchedule, now: datetime) -> datetime:
        """When an edit takes effect: now, but never before what it comes after."""
        fired = [
            run.fire_time
            for run in self.runs
            if run.schedule is schedule and run.generation == schedule.generation and run.fire_time
        ]
        missed = [
            record.last
            for record in self.missed
            if (record.schedule_id, record.generation) == (schedule.id, schedule.generation)
        ]
        return max(now, schedule.edited_at, *fired, *missed)

    def begin(self, schedule: GhostSchedule) -> None:
        """The schedule's cadence begins."""
        epoch = GhostEpoch(schedule.generation, schedule.expression, schedule.anchor)
        schedule.epochs.append(epoch)

    def end_epoch(self, schedule: GhostSchedule, cause: str, at: datetime) -> None:
        """The schedule's cadence ends; what was due and not fired is missed."""
        for epoch in schedule.epochs:
            if epoch.ended_at is None:
                epoch.ended_at, epoch.ended_by = at, cause
        if schedule.next_fire is not None and schedule.next_fire <= at:
            self.miss(schedule, self.due(schedule, at), cause)
            self.note(f"missed: {cause}")

    def due(self, schedule: GhostSchedule, now: datetime) -> list[datetime]:
        """What has come due and was not fired, earliest first."""
        assert schedule.next_fire is not None
        rest = instants(schedule.expression, schedule.anchor, schedule.next_fire, now)
        return [schedule.next_fire, *rest]

    def miss(self, schedule: GhostSchedule, due: list[datetime], reason: str) -> None:
        """These instants get no run of their own."""
        record = GhostMissed(schedule.id, schedule.generation, due[0], due[-1], len(due), reason)
        self.missed.append(record)

    def owed(self, schedule: GhostSchedule) -> Iterator[tuple[GhostEpoch, datetime]]:
        """All that the schedule's epochs describe and that is over, counted anew, each instant with its epoch."""
        for epoch in schedule.epochs:
            end = epoch.ended_at or self._open_until(schedule)
            for instant in instants(epoch.expression, epoch.began_at, epoch.began_at, end):
                yield epoch, instant

    def _open_until(self, schedule: GhostSchedule) -> datetime:
        if schedule.next_fire is None:  # a once that has fired: its instant is over
            return datetime.max.replace(tzinfo=schedule.anchor.tzinfo)
        return schedule.next_fire - timedelta(microseconds=1)

    def first_fire_after(self, schedule: GhostSchedule, instant: datetime) -> datetime | None:
        """The instant of the schedule's cadence that follows this one."""
        return next_after(schedule.expression, schedule.anchor, instant)

    def first_fire(self, expression: Expression, at: datetime) -> datetime | None:
        """When a cadence that begins now first fires."""
        return next_after(expression, at, at)
