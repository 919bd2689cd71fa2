"""The audit that nobody has to think of: what is new, every time; once a day all that is kept.

Its results are kept for the console, and each is a line of the log.
"""

import time
from datetime import datetime, timedelta

import structlog
from django.db.models import Min

from schedules.expressions.instants import rfc3339
from schedules.ledger.auditing import audit
from schedules.ledger.findings import Audit
from schedules.models import AuditResult, NextFire

log = structlog.get_logger(__name__)

WHOLE_EVERY = timedelta(days=1)
OVERLAP = timedelta(hours=1)
"""Each audit of what is new begins so long before the end of the one before it."""

MOST_FINDINGS = 50
"""Findings kept with a result and in a line of the log; the command `audit` lists all."""

_MARGIN = timedelta(hours=1)


def kept_since(now: datetime, keep: timedelta) -> datetime:
    """From when on history is whole: what retention has deleted, or deletes meanwhile, would look like gaps."""
    return now - keep + _MARGIN


def audit_what_is_new(now: datetime, keep: timedelta) -> AuditResult:
    """Recount what came since the audit before, or everything that is kept if that was last done a day ago."""
    started = time.monotonic()
    settled_until = _settled_until(now)  # before the audit: what is fired meanwhile was open for it
    since, is_whole = _since(now, keep)
    result = AuditResult.objects.create(
        audited_at=now,
        since=since,
        is_whole=is_whole,
        settled_until=settled_until,
        **_counts(audit(now, since=since, most_findings=MOST_FINDINGS)),
        duration=timedelta(seconds=time.monotonic() - started),
    )
    _report(result)
    return result


def _settled_until(now: datetime) -> datetime:
    """The oldest fire time that is due and waits for a beat, else `now`: the next audit must begin there."""
    overdue = NextFire.objects.filter(fire_time__lt=now)
    oldest: datetime | None = overdue.aggregate(oldest=Min("fire_time"))["oldest"]
    return oldest or now


def _since(now: datetime, keep: timedelta) -> tuple[datetime, bool]:
    """Where to begin, and whether that is all that is kept.

    A schedule that is suspended for days because its cadence fails must not make each audit a whole one: further back
    than the last whole audit nobody has to look.
    """
    until_now = AuditResult.objects.filter(audited_at__lte=now)  # no others, unless a clock was wrong
    last, last_whole = until_now.newest(), until_now.whole().newest()
    if last is None or last_whole is None or last_whole.audited_at <= now - WHOLE_EVERY:
        return kept_since(now, keep), True
    since = max(last.settled_until, last_whole.audited_at - WHOLE_EVERY) - OVERLAP
    return max(since, kept_since(now, keep)), False


def _counts(result: Audit) -> dict[str, object]:
    return {
        "expected_count": result.expected_count,
        "accounted_count": result.accounted_count,
        "finding_count": result.finding_count,
        "findings": [str(finding) for finding in result.findings],
    }


def _report(result: AuditResult) -> None:
    fields = {
        "expected_count": result.expected_count,
        "accounted_count": result.accounted_count,
        "finding_count": result.finding_count,
        "since": rfc3339(result.since),
        "is_whole": result.is_whole,
        "seconds": round(result.duration.total_seconds(), 3),
    }
    if result.is_clean:
        log.info("ledger.audited", **fields)
    else:
        log.warning("ledger.audited", **fields, findings=result.findings)
