"""What the judge says of one chaos run: how many of each defect, how late the starts were, examples in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil


class Defect(StrEnum):
    """What can be wrong with a start, or with an instant that has none."""

    LOST = "lost"
    STARTED_TWICE = "attempts started twice"
    EXTRA = "extra firings"
    STALE = "stale starts"
    EARLY = "early starts"
    HELD = "starts while held"
    UNRECORDED = "held and not on record"
    CONTRADICTED = "started though the ledger says not"
    UNFOUNDED = "excused without ground"
    UNFINISHED = "started and never answered"
    UNEARNED = "succeeded without an answer"
    BODY_CHANGED = "retried with another body"
    OLD_PAYLOAD = "sent an old payload"


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect, in words."""

    defect: Defect
    words: str


@dataclass(frozen=True, slots=True)
class Lateness:
    """Seconds from the instant to the first start of its run, and of how many; all 0.0 when nothing started."""

    median: float
    p99: float
    longest: float
    count: int

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Lateness":
        """The figures of these waits, by nearest rank; an early one counts as none."""
        ranked = sorted(max(0.0, wait) for wait in seconds) or [0.0]
        median, p99 = (ranked[ceil(len(ranked) * share) - 1] for share in (0.5, 0.99))
        return cls(median, p99, ranked[-1], len(seconds))


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgment. Only defects spoil it; lateness and what is odd but allowed are told beside them."""

    instant_count: int
    owed_count: int
    """Instants that had to start: certain, never withdrawn, without an excuse."""
    run_count: int
    start_count: int
    defect_counts: Mapping[Defect, int]
    examples: tuple[Finding, ...]
    held_count: int
    """Instants that certainly came due while their agent was held: none may start, and each is on record."""
    uncertain_count: int
    """Instants that may start or not, because nobody knows whether a request was carried out."""

    lateness: Lateness
    calm_lateness: Lateness
    """Of what came due while no fault lasted."""

    out_of_order_count: int
    """Attempts whose start was seen after that of a later attempt of the same run: a stopped worker that woke up."""

    after_withdrawal_count: int
    """Starts seen after a withdrawal but within the tolerance: claimed before it, it is hoped."""

    @property
    def is_clean(self) -> bool:
        """Whether there is no defect at all."""
        return not any(self.defect_counts.values())

    @property
    def uncertain_share(self) -> float:
        """How much of the whole the judge could not hold the service to, from 0 to 1."""
        return self.uncertain_count / max(1, self.instant_count)

    def count(self, defect: Defect) -> int:
        """How often this defect was found."""
        return self.defect_counts.get(defect, 0)

    def __str__(self) -> str:
        rows: list[tuple[str, object]] = [
            ("instants", self.instant_count),
            ("  that had to start", self.owed_count),
            ("  that came due under a hold", self.held_count),
            ("  uncertain", f"{self.uncertain_count} ({self.uncertain_share:.1%})"),
            ("runs started", self.run_count),
            ("  attempts", self.start_count),
            *((str(defect), self.count(defect)) for defect in Defect),
            ("attempts out of order", self.out_of_order_count),
            ("within tolerance of a withdrawal", self.after_withdrawal_count),
            ("lateness p50 / p99 / max", _seconds(self.lateness)),
            ("  due while no fault lasted", _seconds(self.calm_lateness)),
        ]
        table = [f"{name:<36}{value!s:>12}" for name, value in rows]
        return "\n".join([*table, *(f"- {finding.words}" for finding in self.examples)])


def _seconds(lateness: Lateness) -> str:
    return f"{lateness.median:.2f} / {lateness.p99:.2f} / {lateness.longest:.2f} s ({lateness.count})"
