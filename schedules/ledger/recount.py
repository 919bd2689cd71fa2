"""The recount: the instants of an epoch, computed anew, pass by its records; each must meet exactly one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import chain

from schedules.expressions import Cadence, InvalidExpression
from schedules.ledger.findings import Audit, Finding, Problem
from schedules.ledger.rows import Epoch, Record, Rows, by_generation, chunks


def audit(
    now: datetime,
    schedule_id: str | None = None,
    since: datetime | None = None,
    most_findings: int | None = None,
) -> Audit:
    """Recount the ledger up to `now`: of one schedule or all, from `since` (aware) or the beginning.

    Its memory is the same for any history. Beats, workers and people may go on meanwhile: what an open epoch
    does after `now` is left out.
    """
    result = Audit(most_findings)
    for generations in chunks(schedule_id, since):
        for (found_id, generation), rows in by_generation(generations, since):
            _Recount(found_id, generation, now, since, result).of(rows)
    return result


@dataclass(slots=True)
class _Cover:
    """A record that the instants have reached, and how many of them it has covered so far."""

    record: Record
    count: int = 0


@dataclass(frozen=True, slots=True)
class _Recount:
    """Of one generation of one schedule."""

    schedule_id: str
    generation: int
    now: datetime
    since: datetime | None
    result: Audit

    def of(self, rows: Rows) -> None:
        """Count its instants and report what is wrong with them."""
        first = next(rows)
        if isinstance(first, Epoch):
            self._of_epoch(first, (row for row in rows if isinstance(row, Record)))
            return
        for row in chain([first], rows):  # records of an epoch that is not there
            self._report(row.place[1], Problem.EXTRA)

    def _of_epoch(self, epoch: Epoch, records: Iterator[Record]) -> None:
        try:
            cadence = epoch.cadence
        except InvalidExpression:
            self._report(epoch.began_at, Problem.UNREADABLE)
            return
        covers: list[_Cover] = []
        for at, record in self._as_time_passes(epoch, cadence, records):
            covers = self._without_ended(covers, at, epoch)
            if record is None:
                self._meet(at, covers)
            else:
                covers.append(_Cover(record))
        for cover in covers:
            self._close(cover, epoch)

    def _as_time_passes(
        self, epoch: Epoch, cadence: Cadence, records: Iterable[Record]
    ) -> Iterator[tuple[datetime, Record | None]]:
        """Instants, and records where they begin; of the same moment the record comes first."""
        instants = ((instant, None) for instant in self._instants(epoch, cadence))
        begun = ((record.first, record) for record in records if self._is_settled(epoch, record.first))
        return merge(begun, instants, key=lambda event: (event[0], event[1] is None))

    def _instants(self, epoch: Epoch, cadence: Cadence) -> Iterator[datetime]:
        instant = epoch.began_at if self.since is None else max(epoch.began_at, self.since)
        while (following := cadence.next_after(instant)) is not None:
            if not epoch.has_to_have(following, self.now):
                return
            yield following
            instant = following

    def _is_settled(self, epoch: Epoch, at: datetime) -> bool:
        """Whether the records of this time can be judged; of an open epoch, later ones were made just now."""
        return epoch.ended_at is not None or epoch.has_to_have(at, self.now)

    def _without_ended(self, covers: list[_Cover], at: datetime, epoch: Epoch) -> list[_Cover]:
        going_on = []
        for cover in covers:
            if cover.record.last < at:
                self._close(cover, epoch)
            else:
                going_on.append(cover)
        return going_on

    def _meet(self, instant: datetime, covers: list[_Cover]) -> None:
        self.result.expected_count += 1
        for cover in covers:
            cover.count += 1
        if len(covers) == 1:
            self.result.accounted_count += 1
        else:
            self._report(instant, Problem.DUPLICATE if covers else Problem.GAP)

    def _close(self, cover: _Cover, epoch: Epoch) -> None:
        """Judge a record whose instants have passed; not one of which a part lies outside this audit."""
        first, last = cover.record.first, cover.record.last
        is_whole = (self.since is None or first > self.since) and self._is_settled(epoch, last)
        if is_whole and cover.count != cover.record.instant_count:
            self._report(first, Problem.EXTRA if cover.record.is_run else Problem.MISCOUNTED)

    def _report(self, instant: datetime, problem: Problem) -> None:
        self.result.add(Finding(self.schedule_id, self.generation, instant, problem))
