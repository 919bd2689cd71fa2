"""What is put under chaos, as the harness sees it: programs to hurt, people's requests, and what it says in the end.

The product and the stock baseline are two sites; load, faults, witness and judge are the same for both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.proofs.chaos.history import End, Excused


@dataclass(frozen=True, slots=True)
class Planned:
    """A schedule to be made; instants are seconds since the epoch.

    `due_at`: its only fire time within the run, None when there is none. `began_at`: the cadence counts from here
    (an interval's anchor); None: from when it is made.
    """

    subject: str
    agent: str
    type: str
    expression: str
    due_at: float | None
    began_at: float | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of a person: when it left, when its answer came, and what that was.

    `status` None: no answer that can be relied on, so what was asked for may hold, now or later, or not.
    """

    sent_at: float
    answered_at: float
    status: int | None

    @property
    def is_done(self) -> bool:
        """It was carried out, and the person knows."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_refused(self) -> bool:
        """It was answered, and not carried out."""
        return self.status is not None and not self.is_done

    @property
    def is_lost(self) -> bool:
        """Nobody knows whether it was carried out."""
        return self.status is None


class Person(Protocol):
    """Somebody who makes and changes schedules while faults go on; every call is repeated until it is answered.

    Called from many threads. Subjects are those of schedules this person made. `problems`: answers that should never
    have come, in words.
    """

    problems: list[str]
    can_hold: bool
    """Whether its site knows holds."""

    def create(self, planned: Planned) -> Asked:
        """Make a schedule; refused when its instant has passed meanwhile."""

    def trigger(self, subject: str) -> Asked:
        """Run it now (ten seconds from now)."""

    def move(self, subject: str, type_: str, expression: str) -> Asked:
        """Give it another cadence."""

    def reword(self, subject: str, words: str) -> Asked:
        """Let its calls say these words beside the subject; nothing of its cadence changes."""

    def pause(self, subject: str) -> Asked:
        """No more firings."""

    def resume(self, subject: str) -> Asked:
        """Firings again, from now on."""

    def delete(self, subject: str) -> Asked:
        """Gone."""

    def hold(self, agent: str) -> Asked:
        """Nothing of the agent's fires or starts, until it is released."""

    def release(self, agent: str) -> Asked:
        """Its schedules go on, as they are."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a site finds around it: the URLs lead through the lines that faults cut, `direct_` ones do not."""

    database_url: str
    direct_database_url: str
    redis_url: str
    agent_url: str
    web_port: int
    folder: Path


class Site(Protocol):
    """A scheduler made of processes on one PostgreSQL and one Valkey."""

    name: str

    @property
    def ready_url(self) -> str | None:
        """Where it says whether it can write; None: nowhere."""

    def environment(self) -> Mapping[str, str]:
        """Of every program."""

    def programs(self) -> Mapping[str, Sequence[str]]:
        """Command lines by name. Faults act on names that begin with `worker`, `beat` and `web`."""

    def prepare(self) -> None:
        """Tables, agents, keys; the servers answer, the programs do not run yet."""

    def is_ready(self) -> bool:
        """Whether the programs that were started do their work."""

    def load(self, planned: Sequence[Planned]) -> float:
        """Make many schedules at once, before their instants; the seconds it took, without getting ready for it."""

    def person(self) -> Person:
        """Somebody with a key to it."""

    def open_count(self) -> int:
        """Runs that have not ended, and fire times that have come and are not fired."""

    def excused(self) -> list[Excused]:
        """Its own records of fire times that got no start."""

    def ends(self) -> dict[str, End]:
        """Of runs, by id, how its own records say they ended; those that ended otherwise are not in it."""

    def problems(self) -> list[str]:
        """What its own records show to be wrong, a line each, once it is drained."""

    def closing_lines(self) -> list[tuple[str, str]]:
        """What it says of itself, for the report: names and values."""
