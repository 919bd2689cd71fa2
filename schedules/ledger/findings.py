"""What an audit says: how many instants are accounted for, what is wrong, and what to do about it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from schedules.expressions.instants import rfc3339


class Problem(StrEnum):
    """What can be wrong: with an instant's records, with what is still to be done, with what was promised."""

    GAP = "gap"
    DUPLICATE = "duplicate"
    EXTRA = "extra"
    MISCOUNTED = "miscounted"
    UNREADABLE = "unreadable"
    OVERDUE = "overdue"
    HELD = "held"
    STUCK = "stuck"
    UNEXPLAINED = "unexplained"
    VANISHED = "vanished"
    LOST_GENERATION = "lost_generation"
    ORPHANED = "orphaned"
    AHEAD = "ahead"
    ATTEMPTS = "attempts"
    PAUSES = "pauses"
    UNRECORDED = "unrecorded"
    TALLY = "tally"


REMEDIES: Final[Mapping[Problem, str]] = {
    Problem.GAP: "An instant has neither a run nor a missed record: a row was deleted or changed. "
    "Run the schedule now if the work is still wanted.",
    Problem.DUPLICATE: "An instant has more than one record. Look at both; the work may have been done twice.",
    Problem.EXTRA: "A run or a record stands for an instant that its cadence does not have: "
    "a row was added or moved.",
    Problem.MISCOUNTED: "A missed record counts other instants than lie in it: the row was changed.",
    Problem.UNREADABLE: "A cadence cannot be read, or is denser than one fire time an hour. "
    "Save the schedule's expression anew.",
    Problem.OVERDUE: "A fire time has been due for hours and no beat has fired it. "
    "See that a beat runs (manage.py status) and look for schedule.cadence_failed in its log.",
    Problem.HELD: "The next fire is none that the cadence would come to, or no beat will fire it. "
    "Pause and resume the schedule: it then begins anew from now on.",
    Problem.STUCK: "A run waits or works, and nothing will bring it to its end. "
    "See that beats and workers run (manage.py status); cancel the run, and run it again.",
    Problem.UNEXPLAINED: "A run was discarded without a reason that the service knows: the row was changed. "
    "Run it again if the work is still wanted.",
    Problem.VANISHED: "Runs that people asked for, and were promised, are gone. "
    "The journal names who asked; run the schedule now if the work is still wanted.",
    Problem.LOST_GENERATION: "The record of a whole generation is gone, and whatever ran in it. "
    "Look for it in a backup.",
    Problem.ORPHANED: "There are records of a schedule that is not there. Look for its row in a backup; "
    "retention deletes the runs in time.",
    Problem.AHEAD: "A run belongs to a generation that its schedule has not reached; it will never start. "
    "Cancel it; if the schedule's row is from a backup, save its expression anew.",
    Problem.ATTEMPTS: "The attempts that are kept of a run are not those that it says it had: rows were changed.",
    Problem.PAUSES: "A run started although it was held, or a fire time is recorded as paused and nothing paused it. "
    "See that no process of an older version runs, and who changed rows.",
    Problem.UNRECORDED: "Something was done, and the journal does not say by whom: rows were changed, or lines "
    "deleted, in the database itself, or a process of an older version was at work.",
    Problem.TALLY: "The hourly counts differ from the runs they count: rows were added, changed or deleted in the "
    "database itself, or its triggers are gone. Metrics and statistics of that hour are wrong by as much.",
}
"""By problem: what it means and what an operator does."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `generation`, `instant`: None where it is about none; `detail`: in words.

    `subject`: what it is about where that is no schedule.
    """

    schedule_id: str
    generation: int | None
    instant: datetime | None
    problem: Problem
    detail: str = ""
    subject: str = ""

    def __str__(self) -> str:
        generation = "" if self.generation is None else f" generation {self.generation}"
        at = "" if self.instant is None else f" at {rfc3339(self.instant)}"
        detail = f": {self.detail}" if self.detail else ""
        subject = self.subject or f"schedule {self.schedule_id}"
        return f"{self.problem}: {subject}{generation}{at}{detail}"


def remedies_of(findings: Iterable[str]) -> list[str]:
    """What the problems of these findings, as text, mean and what to do: a line for each, `gap: An instant has…`."""
    named = {finding.partition(":")[0] for finding in findings}
    return [f"{problem}: {remedy}" for problem, remedy in REMEDIES.items() if problem in named]


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
        """Whether nothing is wrong."""
        return self.finding_count == 0

    def add(self, finding: Finding) -> None:
        """Count what was found, and keep it while there is room."""
        self.finding_count += 1
        if self.most_findings is None or len(self.findings) < self.most_findings:
            self.findings.append(finding)

    def __str__(self) -> str:
        return f"{self.accounted_count} of {self.expected_count} instants accounted for"
