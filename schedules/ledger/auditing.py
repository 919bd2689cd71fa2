"""The audit: the recount of all instants, and of what was promised, is still to be done, or belongs to nothing."""

from datetime import datetime

from schedules.ledger import accounts, attempts, pauses, tallied, unfinished, unfired, unrecorded
from schedules.ledger.findings import Audit
from schedules.ledger.recount import recount
from schedules.ledger.scope import Scope

CHECKS = (
    unfired.overdue,
    unfired.held,
    unfinished.stuck,
    unfinished.unexplained,
    accounts.vanished,
    accounts.lost_generations,
    accounts.orphaned,
    accounts.ahead,
    attempts.contradictions,
    pauses.contradictions,
    unrecorded.unrecorded,
    tallied.miscounted,
)


def audit(
    now: datetime,
    schedule_id: str | None = None,
    since: datetime | None = None,
    most_findings: int | None = None,
) -> Audit:
    """Audit the ledger up to `now`: of one schedule or all, from `since` (aware) or the beginning.

    Beats, workers, people and retention may go on meanwhile. At most `most_findings` are kept (None: all).
    """
    result = Audit(most_findings)
    recount(result, now, schedule_id, since)
    scope = Scope(now, schedule_id, since)
    for check in CHECKS:
        for finding in check(scope):
            result.add(finding)
    return result
