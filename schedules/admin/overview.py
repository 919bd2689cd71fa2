"""The console's front page: above all else what is wrong, and whether every instant is accounted for."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from schedules import lengths
from schedules.admin.held_lines import everything, held_lines
from schedules.admin.lines import Line
from schedules.admin.recent_failures import failures, missed
from schedules.database.clock import database_now
from schedules.health.report import recent_report
from schedules.ledger.verdict import LedgerState, Verdict, ledger_state
from schedules.models import AuditResult
from schedules.overview.standing import at_work, standing


def ledger_line(now: datetime) -> Line:
    """Whether every instant is accounted for, with its numbers."""
    every = reverse("admin:schedules_auditresult_changelist")
    match ledger_state(now):
        case LedgerState(Verdict.CLEAN, AuditResult() as newest, AuditResult() as whole):
            return Line("success", f"Ledger: {_of_both(whole, newest, now)}", every)
        case LedgerState(Verdict.FINDINGS, _, AuditResult() as wrong):
            page = reverse("admin:schedules_auditresult_change", args=(wrong.pk,))
            return Line("error", f"Ledger: {_findings(wrong)}; {_counted(wrong, now)}", page)
        case LedgerState(Verdict.STALE, AuditResult() as newest):
            return Line("warning", f"Ledger: {_counted(newest, now)}, and not audited since", every)
    return Line("warning", "Ledger: not audited yet; a housekeeping task audits it every hour", every)


def _findings(result: AuditResult) -> str:
    return f"{result.finding_count:,} finding{'' if result.finding_count == 1 else 's'}"


def _counted(result: AuditResult, now: datetime) -> str:
    return f"{result}, {lengths.relative(result.audited_at, now)}"


def _of_both(whole: AuditResult, newest: AuditResult, now: datetime) -> str:
    if whole == newest:
        return _counted(whole, now)
    new = f"{newest.accounted_count:,} of {newest.expected_count:,}"
    return f"{_counted(whole, now)}; the latest {new}, {lengths.relative(newest.audited_at, now)}"


def overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The front page's context (Unfold's DASHBOARD_CALLBACK)."""
    now = database_now()
    failed = failures(request, now)
    concerns = [Line(concern.severity, concern.words) for concern in standing()]
    lines = [*concerns, *held_lines(request, now), *_of_a_day(failed["total"], missed(request, now))]
    context |= {"lines": lines or [_well()], "failures": failed}
    if getattr(request.user, "is_superuser", False):
        context["everything"] = everything(now)
    if request.user.has_perm("schedules.view_auditresult"):
        context["ledger"] = ledger_line(now)
        context["lines"].append(context["ledger"])
    return context


def _of_a_day(failed: str, missed_instants: str) -> Iterator[Line]:
    if failed:
        href = f"{reverse('admin:schedules_run_changelist')}?state__exact=failed&made=24h"
        yield Line("error", failed, href)
    if missed_instants:
        yield Line("warning", missed_instants, reverse("admin:schedules_missedfiring_changelist"))


def _well() -> Line:
    return Line("success", f"All is well: {_alive()}, and nothing has failed in the last 24 hours")


def _alive() -> str:
    """Who is at work, in a few words."""
    now = at_work(recent_report())
    counted = ((now.beat_count, "beat"), (now.worker_count, "worker"), (now.in_flight_count, "call"))
    beats, workers, calls = (f"{count:,} {name}{'' if count == 1 else 's'}" for count, name in counted)
    return f"{beats}, {workers} with {calls}"


admin.site.index_template = "console/overview.html"
