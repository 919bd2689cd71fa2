"""Audits of the ledger in the console: whether every instant has its record, to read."""

from typing import Any, ClassVar

from django.contrib import admin

from schedules import lengths
from schedules.admin import cells
from schedules.admin.base import ReadOnly
from schedules.admin.keyset_list import KeysetList, KeysetPaginator
from schedules.ledger import remedies_of
from schedules.models import AuditResult


@admin.display(description="Ledger")
def verdict(result: AuditResult) -> str:
    """Whether it is clean, as a label."""
    if result.is_clean:
        return cells.badge("clean", "success")
    plural = "" if result.finding_count == 1 else "s"
    return cells.badge(f"{result.finding_count:,} finding{plural}", "danger")


@admin.display(description="Instants")
def instants(result: AuditResult) -> str:
    """How many there were, and how many are accounted for."""
    return cells.one_line(str(result))


@admin.display(description="Scope")
def scope(result: AuditResult) -> str:
    """All there is, or what was new."""
    return "all retained history" if result.is_whole else "new since the last audit"


@admin.display(description="From")
def since(result: AuditResult) -> str:
    """Where it began."""
    return cells.clock(result.since)


@admin.display(description="To")
def audited(result: AuditResult) -> str:
    """The moment it was about."""
    return cells.clock(result.audited_at)


@admin.display(description="Duration")
def took(result: AuditResult) -> str:
    """How long it took."""
    return cells.one_line(lengths.length(result.duration))


@admin.display(description="Findings")
def findings(result: AuditResult) -> str:
    """The first of them, each on a line of its own."""
    rest = result.finding_count - len(result.findings)
    more = [f"… and {rest:,} more; run manage.py audit to list all"] if rest > 0 else []
    return cells.text_block("\n".join([*result.findings, *more]))


@admin.display(description="What to do")
def remedies(result: AuditResult) -> str:
    """What each kind of finding means, and what an operator does about it."""
    return cells.text_block("\n".join(remedies_of(result.findings)))


@admin.register(AuditResult)
class AuditResultAdmin(ReadOnly[AuditResult]):
    """The pages of audits."""

    list_class = KeysetList
    paginator = KeysetPaginator
    list_display = (verdict, instants, scope, since, audited, took)
    list_filter = ("is_whole",)
    sortable_by = ()
    fields: ClassVar[Any] = (verdict, instants, scope, since, audited, took, findings, remedies)
    readonly_fields: ClassVar[Any] = fields
