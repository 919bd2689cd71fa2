"""What an audit says: how many instants are accounted for, and what is wrong with the others."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from schedules.expressions.instants import rfc3339


class Problem(StrEnum):
    """What can be wrong with an instant."""

    GAP = "gap"
    DUPLICATE = "duplicate"
    EXTRA = "extra"
    MISCOUNTED = "miscounted"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One instant that is not accounted for exactly once, or a record of none."""

    schedule_id: str
    generation: int
    instant: datetime
    problem: Problem

    def __str__(self) -> str:
        at = rfc3339(self.instant)
        return f"{self.problem}: schedule {self.schedule_id} generation {self.generation} at {at}"


@dataclass(slots=True)
class Audit:
    """How many instants there are, how many are accounted for exactly once, and what is wrong.

    All findings are counted; the first `most_findings` of them (None: all) are kept.
    """

    most_findings: int | None = None
    expected_count: int = 0
    accounted_count: int = 0
    finding_count: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether every instant has exactly one record and every record an instant."""
        return self.finding_count == 0

    def add(self, finding: Finding) -> None:
        """Count what was found, and keep it while there is room."""
        self.finding_count += 1
        if self.most_findings is None or len(self.findings) < self.most_findings:
            self.findings.append(finding)

    def __str__(self) -> str:
        return f"{self.accounted_count} of {self.expected_count} instants accounted for"
