"""The console's front page: above all else, whether every instant is accounted for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from schedules.admin import times
from schedules.database.clock import database_now
from schedules.models import AuditResult

STALE_AFTER = timedelta(days=1)
"""The ledger is audited once an hour; an audit older than this says little of now."""


@dataclass(frozen=True, slots=True)
class LedgerState:
    """What the front page says of the ledger; `kind`: success, warning or error."""

    kind: str
    words: str
    href: str


def ledger_state(now: datetime) -> LedgerState:
    """The findings since the last audit of all history, or that there are none, or that nobody has looked."""
    every = reverse("admin:schedules_auditresult_changelist")
    newest = AuditResult.objects.newest()
    if newest is None:
        return LedgerState(
            "warning", "Ledger: not audited yet; a housekeeping task audits it every hour", every
        )
    whole = AuditResult.objects.whole().newest() or newest
    wrong = AuditResult.objects.filter(id__gte=whole.id, finding_count__gt=0).newest()
    if wrong is not None:
        page = reverse("admin:schedules_auditresult_change", args=(wrong.pk,))
        return LedgerState("error", f"Ledger: {_findings(wrong)}; {_counted(wrong, now)}", page)
    if newest.audited_at < now - STALE_AFTER:
        return LedgerState("warning", f"Ledger: {_counted(newest, now)}, and not audited since", every)
    return LedgerState("success", f"Ledger: {_of_both(whole, newest, now)}", every)


def _findings(result: AuditResult) -> str:
    return f"{result.finding_count:,} finding{'' if result.finding_count == 1 else 's'}"


def _counted(result: AuditResult, now: datetime) -> str:
    return f"{result}, {times.relative(result.audited_at, now)}"


def _of_both(whole: AuditResult, newest: AuditResult, now: datetime) -> str:
    if whole == newest:
        return _counted(whole, now)
    new = f"{newest.accounted_count:,} of {newest.expected_count:,}"
    return f"{_counted(whole, now)}; the latest {new}, {times.relative(newest.audited_at, now)}"


def overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The front page's context (Unfold's DASHBOARD_CALLBACK)."""
    if request.user.has_perm("schedules.view_auditresult"):
        context["ledger"] = ledger_state(database_now())
    return context


admin.site.index_template = "console/overview.html"
