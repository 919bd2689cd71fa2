"""The console's front page: above all else what is wrong, and whether every instant is accounted for."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from schedules.admin import times
from schedules.admin.recent_failures import failures, missed
from schedules.admin.standing import Line, alive, standing
from schedules.database.clock import database_now
from schedules.health.report import recent_report
from schedules.models import AuditResult

STALE_AFTER = timedelta(days=1)
"""The ledger is audited once an hour; an audit older than this says little of now."""


def ledger_state(now: datetime) -> Line:
    """The findings since the last audit of all history, or that there are none, or that nobody has looked."""
    every = reverse("admin:schedules_auditresult_changelist")
    newest = AuditResult.objects.newest()
    if newest is None:
        return Line("warning", "Ledger: not audited yet; a housekeeping task audits it every hour", every)
    whole = AuditResult.objects.whole().newest() or newest
    wrong = AuditResult.objects.filter(id__gte=whole.id, finding_count__gt=0).newest()
    if wrong is not None:
        page = reverse("admin:schedules_auditresult_change", args=(wrong.pk,))
        return Line("error", f"Ledger: {_findings(wrong)}; {_counted(wrong, now)}", page)
    if newest.audited_at < now - STALE_AFTER:
        return Line("warning", f"Ledger: {_counted(newest, now)}, and not audited since", every)
    return Line("success", f"Ledger: {_of_both(whole, newest, now)}", every)


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
    now = database_now()
    failed = failures(request, now)
    lines = [*standing(), *_of_a_day(failed["total"], missed(request, now))]
    context |= {"lines": lines or [_well()], "failures": failed}
    if request.user.has_perm("schedules.view_auditresult"):
        context["ledger"] = ledger_state(now)
        context["lines"].append(context["ledger"])
    return context


def _of_a_day(failed: str, missed_instants: str) -> Iterator[Line]:
    if failed:
        href = f"{reverse('admin:schedules_run_changelist')}?state__exact=failed&made=24h"
        yield Line("error", failed, href)
    if missed_instants:
        yield Line("warning", missed_instants, reverse("admin:schedules_missedfiring_changelist"))


def _well() -> Line:
    return Line(
        "success", f"All is well: {alive(recent_report())}, and nothing has failed in the last 24 hours"
    )


admin.site.index_template = "console/overview.html"
