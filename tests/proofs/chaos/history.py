"""What the chaos run asked for and what its witness saw: the judge's only sources beside the service's own records.

Instants are seconds since the epoch on the witness's clock, which never steps. What the service was asked for is
written down by whoever asked, before and after the answer; nothing here is read back from the service.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What makes an agent start."""

    CADENCE = "cadence"
    TRIGGER = "trigger"


@dataclass(frozen=True, slots=True)
class Hold:
    """When a schedule's agent was held: certainly between `since` and `until`, certainly no more after `over_by`.

    In the seconds around that its requests were under way. One without a sure answer certainly holds nothing
    (`since`: infinity), or is never certainly over.
    """

    since: float
    until: float
    over_by: float

    def has(self, moment: float) -> bool:
        """Whether it was certainly in force then."""
        return self.since < moment < self.until

    def may_stop(self, due_at: float) -> bool:
        """Whether what came due then may have been stopped: what waits when a hold begins never starts."""
        return due_at <= self.over_by


@dataclass(frozen=True, slots=True)
class Expected:
    """One start the service owes: of one subject, not before `due_at`.

    `subject` names the schedule in the input of every call it makes. A withdrawn one (the schedule was edited,
    paused or deleted) may start until the answer of that request, `withdrawn_at`, and never after it.
    `is_certain` is False when the request that asked for it (or withdrew it) got no answer: it may start or not.
    `words`: its calls must say this, because the payload was changed and answered before it came due.
    `fire_time`: the instant by the service's clock where that is stepped; `due_at` is when it was first shown.
    `holds`: all that its agent was ever held by. One that came due under a hold never starts, and is on record.
    """

    subject: str
    kind: Kind
    due_at: float
    withdrawn_at: float | None = None
    is_certain: bool = True
    words: str | None = None
    fire_time: float | None = None
    holds: tuple[Hold, ...] = ()

    @property
    def is_held(self) -> bool:
        """Whether it certainly came due under a hold."""
        return any(hold.has(self.due_at) for hold in self.holds)

    @property
    def may_be_stopped(self) -> bool:
        """Whether a hold may have kept it from starting."""
        return any(hold.may_stop(self.due_at) for hold in self.holds)

    @property
    def named_at(self) -> float:
        """The instant as the service names it."""
        return self.due_at if self.fire_time is None else self.fire_time


@dataclass(frozen=True, slots=True)
class Start:
    """One call as the agent saw it: the first bytes of an attempt, and what became of it.

    `is_answered`: the agent sent its whole success to somebody who was still there. `digest`: of the request's body,
    "" when its sender died before it had sent one. `words`: what the body says beside the subject.
    """

    subject: str
    run_id: str
    attempt: int
    at: float
    is_answered: bool = True
    digest: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Excused:
    """A fire time the service's ledger says got no start of its own, and why (`missed`, `discarded`, `failed` …).

    `due_at` is the instant by the service's clock.
    """

    subject: str
    due_at: float
    reason: str


class End(StrEnum):
    """How a run ended, by the service's own records."""

    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    """Its agent failed it until no attempt was left, or for good."""


@dataclass(slots=True)
class History:
    """Everything of one chaos run."""

    expected: list[Expected] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)
    excused: list[Excused] = field(default_factory=list)
    ends: dict[str, End] = field(default_factory=dict)
    """Of runs, by id, that the service says have ended so."""
    troubled: list[tuple[float, float]] = field(default_factory=list)
    """From when until when faults lasted."""
