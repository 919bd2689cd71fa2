"""Whether every instant is accounted for, as the audits of the last while say it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from schedules.models import AuditResult

STALE_AFTER: Final = timedelta(days=1)
"""The ledger is audited once an hour; an audit older than this says little of now."""


class Verdict(StrEnum):
    """In one word."""

    CLEAN = "clean"
    FINDINGS = "findings"
    STALE = "stale"
    NOT_AUDITED = "not_audited"


@dataclass(frozen=True, slots=True)
class LedgerState:
    """`newest`: the last audit; `telling`: the one that says it, with findings, or of all history."""

    verdict: Verdict
    newest: AuditResult | None = None
    telling: AuditResult | None = None


def ledger_state(now: datetime) -> LedgerState:
    """The findings since the last audit of all history, or that there are none, or that nobody has looked."""
    newest = AuditResult.objects.newest()
    if newest is None:
        return LedgerState(Verdict.NOT_AUDITED)
    whole = AuditResult.objects.whole().newest() or newest
    wrong = AuditResult.objects.filter(id__gte=whole.id, finding_count__gt=0).newest()
    if wrong is not None:
        return LedgerState(Verdict.FINDINGS, newest, wrong)
    if newest.audited_at < now - STALE_AFTER:
        return LedgerState(Verdict.STALE, newest, newest)
    return LedgerState(Verdict.CLEAN, newest, whole)
