"""The recount: the instants of an epoch, computed anew, pass by its records; each must meet exactly one.

Usually they are simply the same (see `matching`); otherwise they pass by one by one, and what is wrong is named.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import merge

from schedules.expressions import Cadence, InvalidExpression
from schedules.expressions.instants import rfc3339, to_microseconds
from schedules.ledger import matching
from schedules.ledger.findings import Audit, Finding, Problem
from schedules.ledger.rows import LAST, Epoch, Generation, Record, by_generation, chunks


def recount(result: Audit, now: datetime, schedule_id: str | None, since: datetime | None) -> None:
    """Recount the ledger up to `now` into `result`: of one schedule or all, from `since` (aware) or the beginning.

    Its memory is the same for any number of schedules. Beats, workers and people may go on meanwhile: what an open
    epoch does after `now` is left out.
    """
    for generations in chunks(schedule_id, since):
        for generation in by_generation(generations, since):
            _Recount(generation, now, since, result).all()


@dataclass(slots=True)
class _Cover:
    """A record that the instants have reached, and how many of them it has covered so far."""

    record: Record
    count: int = 0


@dataclass(frozen=True, slots=True)
class _Recount:
    """Of one generation of one schedule."""

    generation: Generation
    now: datetime
    since: datetime | None
    result: Audit

    def all(self) -> None:
        """Count its instants and report what is wrong with them."""
        epoch = self.generation.epoch
        if epoch is None:
            for record in self.generation.records():
                self._report(record.first, Problem.EXTRA)
            return
        try:
            cadence = epoch.cadence()
        except InvalidExpression:
            self._report(epoch.began_at, Problem.UNREADABLE)
            return
        self._of_epoch(epoch, cadence)
        self._check_next_fire(epoch, cadence)

    def _of_epoch(self, epoch: Epoch, cadence: Cadence) -> None:
        count = matching.count_if_exact(self.generation, epoch, cadence, self.now, self.since)
        if count is None:
            self._look_closely(epoch, cadence)
            return
        self.result.expected_count += count
        self.result.accounted_count += count

    def _look_closely(self, epoch: Epoch, cadence: Cadence) -> None:
        covers: list[_Cover] = []
        for at, record in self._as_time_passes(epoch, cadence, self.generation.records()):
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
        begun = ((each.first, each) for each in records if epoch.is_settled(each.first, self.now))
        return merge(begun, instants, key=lambda event: (event[0], event[1] is None))

    def _instants(self, epoch: Epoch, cadence: Cadence) -> Iterator[datetime]:
        instant = epoch.began_at if self.since is None else max(epoch.began_at, self.since)
        while (following := cadence.next_after(instant)) is not None:
            if not epoch.has_to_have(following, self.now):
                return
            yield following
            instant = following

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
        is_whole = (self.since is None or first > self.since) and epoch.is_settled(last, self.now)
        if is_whole and cover.count != cover.record.instant_count:
            self._report(first, Problem.EXTRA if cover.record.is_run else Problem.MISCOUNTED)

    def _check_next_fire(self, epoch: Epoch, cadence: Cadence) -> None:
        """It is the first instant without a record: what lies before it has come due, and been fired.

        Its row was read before the records: whatever it has passed over by firing has its record here.
        """
        at = epoch.next_fire_at
        if epoch.ended_at is not None or at is None or not epoch.began_at < at < LAST:
            return  # an impossible one is another finding
        if cadence.next_after(at - datetime.resolution) != at:
            self._report(at, Problem.HELD, "the next fire is no instant of the cadence")
            return
        following = cadence.next_after(max(self.now, epoch.began_at))
        if following is not None and following < at and not self._has_record(following):
            detail = f"the next fire passes over {rfc3339(following)}"
            self._report(at, Problem.HELD, detail)

    def _has_record(self, instant: datetime) -> bool:
        is_run = to_microseconds(instant) in self.generation.times
        return is_run or any(record.first <= instant <= record.last for record in self.generation.missed)

    def _report(self, instant: datetime, problem: Problem, detail: str = "") -> None:
        self.result.add(
            Finding(self.generation.schedule_id, self.generation.number, instant, problem, detail)
        )
