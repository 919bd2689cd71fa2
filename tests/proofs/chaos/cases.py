"""What the judge works on: one subject's instants and runs, and what has been found about them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.proofs.chaos.excuses import allows_a_start
from tests.proofs.chaos.history import Excused, Expected
from tests.proofs.chaos.matching import match
from tests.proofs.chaos.verdicts import Defect, Finding


@dataclass(frozen=True, slots=True)
class Instant:
    """One expected start with what the service says of it."""

    expected: Expected
    excuse: Excused | None

    @property
    def is_owed(self) -> bool:
        """Whether it is lost when it has no start."""
        return self.expected.is_certain and self.expected.withdrawn_at is None and self.excuse is None

    @property
    def is_closed(self) -> bool:
        """Whether the service says that it had no start."""
        return self.expected.is_certain and self.excuse is not None and not allows_a_start(self.excuse)

    def wait(self, run: "StartedRun") -> float:
        """Seconds until its run began."""
        return run.first_at - self.expected.due_at

    def is_over_at(self, moment: float) -> bool:
        """Whether it was withdrawn before."""
        return self.expected.withdrawn_at is not None and moment > self.expected.withdrawn_at


@dataclass(frozen=True, slots=True)
class StartedRun:
    """All starts of one run: when its first, its last and all its attempts began, and what they said and heard."""

    run_id: str
    first_at: float
    last_at: float
    started_at: tuple[float, ...]
    is_answered: bool
    words: frozenset[str]


@dataclass(slots=True)
class Case:
    """One subject: what is left to explain, and what has been found."""

    subject: str
    instants: list[Instant]
    runs: list[StartedRun]
    findings: list[Finding] = field(default_factory=list)

    def take(self, fits: Callable[[Instant, StartedRun], bool]) -> list[tuple[Instant, StartedRun]]:
        """Pair instants with runs as `fits` says, and take the pairs out of the case."""
        found = match(self.instants, self.runs, fits)
        pairs = [(self.instants[instant], self.runs[run]) for instant, run in found.items()]
        self.instants = [instant for at, instant in enumerate(self.instants) if at not in found]
        explained = set(found.values())
        self.runs = [run for at, run in enumerate(self.runs) if at not in explained]
        return pairs

    def report(self, defect: Defect, words: str) -> None:
        """Note a defect of this subject."""
        self.findings.append(Finding(defect, f"{defect}: {self.subject}: {words}"))
