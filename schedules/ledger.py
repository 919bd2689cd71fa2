"""The closed ledger: every instant of every cadence epoch has exactly one record. This recounts it.

The instants are computed anew from the epochs, without the firing code: by stepping through each cadence.
A run covers its fire time; a missed record covers its first to its last, and says how many those are.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from schedules.expressions import InvalidExpression
from schedules.models import CadenceEpoch, MissedFiring, Run, TriggerKind


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
        at = self.instant.isoformat().replace("+00:00", "Z")
        return f"{self.problem}: schedule {self.schedule_id} generation {self.generation} at {at}"


@dataclass(slots=True)
class Audit:
    """How many instants there are, how many are accounted for exactly once, and what is wrong."""

    expected_count: int = 0
    accounted_count: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether every instant has exactly one record and every record an instant."""
        return not self.findings

    def __str__(self) -> str:
        return f"{self.accounted_count} of {self.expected_count} instants accounted for"


def audit(now: datetime, schedule_id: str | None = None, since: datetime | None = None) -> Audit:
    """Recount the ledger up to `now`: of one schedule or all, from `since` (aware) or the beginning.

    An open epoch is recounted up to its schedule's next fire time: from there on the instants are to come, or due
    and about to be fired.
    """
    result = Audit()
    for epoch in _epochs(schedule_id, since):
        _recount(epoch, now, since, result)
    return result


def _epochs(schedule_id: str | None, since: datetime | None) -> Iterator[CadenceEpoch]:
    epochs = CadenceEpoch.objects.select_related("schedule").order_by("schedule_id", "generation")
    if schedule_id is not None:
        epochs = epochs.filter(schedule_id=schedule_id)
    if since is not None:
        epochs = epochs.exclude(ended_at__lt=since)
    return epochs.iterator(chunk_size=500)


def _recount(epoch: CadenceEpoch, now: datetime, since: datetime | None, result: Audit) -> None:
    try:
        expected = list(_instants(epoch, now, since))
    except InvalidExpression:
        result.findings.append(_finding(epoch, epoch.began_at, Problem.UNREADABLE))
        return
    covered = _covered(epoch, expected, since, result)
    result.expected_count += len(expected)
    result.accounted_count += sum(covered[instant] == 1 for instant in expected)
    for instant in expected:
        if covered[instant] != 1:
            problem = Problem.DUPLICATE if covered[instant] else Problem.GAP
            result.findings.append(_finding(epoch, instant, problem))
    for instant in sorted(covered.keys() - set(expected)):
        result.findings.append(_finding(epoch, instant, Problem.EXTRA))


def _instants(epoch: CadenceEpoch, now: datetime, since: datetime | None) -> Iterator[datetime]:
    """The epoch's fire times that are over: to its end, or before its schedule's next."""
    cadence, instant = epoch.cadence, epoch.began_at
    if since is not None and since > instant:
        instant = since
    while (following := cadence.next_after(instant)) is not None and not _is_to_come(epoch, following, now):
        yield following
        instant = following


def _is_to_come(epoch: CadenceEpoch, instant: datetime, now: datetime) -> bool:
    if epoch.ended_at is not None:
        return instant > epoch.ended_at
    next_fire_at = epoch.schedule.next_fire_at
    return instant > now or (next_fire_at is not None and instant >= next_fire_at)


def _covered(
    epoch: CadenceEpoch, expected: list[datetime], since: datetime | None, result: Audit
) -> Counter[datetime]:
    """How many records cover each instant; a record of an instant that is none covers itself."""
    of_epoch = {"schedule_id": epoch.schedule_id, "generation": epoch.generation}
    runs = Run.objects.filter(**of_epoch, trigger=TriggerKind.CADENCE)
    if epoch.ended_at is None and epoch.schedule.next_fire_at is not None:
        runs = runs.filter(fire_time__lt=epoch.schedule.next_fire_at)  # a beat may have fired it just now
    if since is not None:
        runs = runs.filter(fire_time__gt=since)
    covered = Counter(instant for instant in runs.values_list("fire_time", flat=True) if instant is not None)
    for missed in MissedFiring.objects.filter(**of_epoch):
        inside = [
            instant for instant in expected if missed.first_fire_time <= instant <= missed.last_fire_time
        ]
        covered.update(inside)
        is_whole = since is None or missed.first_fire_time > since
        if is_whole and len(inside) != missed.count:
            result.findings.append(_finding(epoch, missed.first_fire_time, Problem.MISCOUNTED))
    return covered


def _finding(epoch: CadenceEpoch, instant: datetime, problem: Problem) -> Finding:
    return Finding(epoch.schedule_id, epoch.generation, instant, problem)
