"""What a claim gives a worker."""

from dataclasses import dataclass
from datetime import datetime

from schedules.models import TRIGGER_DELAY, Agent, idempotency_key, root_traceparent
from schedules.secrets.payloads import Payload


@dataclass(frozen=True, slots=True)
class Occasion:
    """What asked for the run. `fire_time`: the cadence's instant; None for a run that a person asked for."""

    display_name: str | None
    generation: int
    fire_time: datetime | None
    created_at: datetime
    is_misfire: bool
    is_again: bool

    @property
    def trigger(self) -> str:
        """cadence, late, manual or again."""
        if self.fire_time is None:
            return "again" if self.is_again else "manual"
        return "late" if self.is_misfire else "cadence"

    @property
    def due_at(self) -> datetime:
        """The fire time, or a run now's earliest start."""
        return self.fire_time or self.created_at + TRIGGER_DELAY


@dataclass(frozen=True, slots=True)
class Claimed:
    """The right to make one attempt: everything the call needs, so that no database is needed meanwhile."""

    run_id: str
    attempt: int
    schedule_id: str
    agent_tag: str | None
    payload: Payload
    worker: str
    started_at: datetime
    lease_expires_at: datetime
    silent_count: int
    trace_id: str
    linked_traceparents: tuple[str, ...]
    occasion: Occasion
    agent: Agent
    stopped_count: int = 0
    """Earlier attempts that were handed back: they count for nothing."""
    response_id: str = ""
    """What the agent calls the work that it goes on with for the attempt before, which was handed back."""

    @property
    def max_attempts(self) -> int:
        """As the agent had it at the claim, which wrote it to the run; more by those that were handed back."""
        return self.agent.max_attempts + self.stopped_count

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt."""
        occasion = self.occasion
        return idempotency_key(self.run_id, self.schedule_id, occasion.generation, occasion.fire_time)


def links(trace_before: str, traceparent: str) -> tuple[str, ...]:
    """The spans an attempt's trace is linked to: the attempt's before it, and what asked for the run."""
    return tuple(filter(None, (root_traceparent(trace_before), traceparent)))
