"""The usual case of a recount, at once: every instant of a generation has exactly one record, and none is left over.

Whatever differs in any way is left to the recount that steps through instants and records and names what is wrong.
"""

from bisect import bisect_left, bisect_right
from datetime import datetime

from schedules.expressions import Cadence
from schedules.expressions.instants import to_microseconds
from schedules.ledger.rows import Epoch, Generation, Record


def count_if_exact(
    generation: Generation, epoch: Epoch, cadence: Cadence, now: datetime, since: datetime | None
) -> int | None:
    """How many instants there are, if the records are exactly theirs; None: look closely.

    1. The instants of the cadence, all at once, ascending.
    2. Without those that lie in a missed record, which must count as many; no two records share an instant.
    3. What is left are the fire times of the runs, one by one.
    """
    until = epoch.settled_until(now)
    begin = epoch.began_at if since is None else max(epoch.began_at, since)
    instants = cadence.all_between(begin, until)
    left = instants[:]
    following = None
    for record in reversed([record for record in generation.missed if epoch.is_settled(record.first, now)]):
        if following is not None and record.last >= following.first:
            return None
        begin_at = bisect_left(left, to_microseconds(record.first))
        end_at = bisect_right(left, to_microseconds(record.last))
        if _is_whole(record, epoch, now, since) and end_at - begin_at != record.instant_count:
            return None
        del left[begin_at:end_at]
        following = record
    times = generation.times
    if epoch.ended_at is None:
        times = times[: bisect_right(times, to_microseconds(until))]
    return len(instants) if left == times else None


def _is_whole(record: Record, epoch: Epoch, now: datetime, since: datetime | None) -> bool:
    """Whether no part of it lies outside this audit."""
    return (since is None or record.first > since) and epoch.is_settled(record.last, now)
