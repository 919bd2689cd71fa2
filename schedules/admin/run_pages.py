"""Runs in the console: a history to read, with two verbs: cancel and retry."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from schedules.admin import run_cells as show
from schedules.admin.base import ConsoleList, ReadOnly
from schedules.admin.bounded_paginator import BoundedPaginator
from schedules.admin.filters import AgentFilter, MadeFilter, ReasonFilter, ScheduleFilter, WorkspaceFilter
from schedules.admin.verbs import Verb, VerbAdmin
from schedules.database.ulids import is_ulid
from schedules.errors import RunNotCancellable, RunNotRetryable, ScheduleInactive, ScheduleNotFound
from schedules.models import UNFINISHED_STATES, UNSUCCESSFUL_STATES, Run
from schedules.runs import transitions
from schedules.triggering import run_now


def _cancel(run: Run, actor: str, now: datetime) -> object:
    if not transitions.cancel(run.id, now):
        raise RunNotCancellable
    return None


def _retry(run: Run, actor: str, now: datetime) -> object:
    return run_now.run_again(run.id, now)


CANCEL = Verb[Run](
    "cancel",
    "Cancel",
    "cancel",
    "cancelled",
    "cancel",
    _cancel,
    lambda run: run.state in UNFINISHED_STATES,
    {RunNotCancellable: "already ended"},
)
RETRY = Verb[Run](
    "retry",
    "Run again",
    "replay",
    "will run again in 10 s",
    "retry",
    _retry,
    lambda run: run.state in UNSUCCESSFUL_STATES and (run.schedule.is_active or run.schedule.is_finished),
    {
        ScheduleInactive: "schedule inactive",
        ScheduleNotFound: "schedule deleted",
        RunNotRetryable: "not ended yet, succeeded, or being run again already",
    },
)


class RunList(ConsoleList):
    """The list's rows, without what is long."""

    def get_queryset(self, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        """One statement, however many rows."""
        rows: QuerySet[Any] = super().get_queryset(*args, **kwargs)
        return rows.defer(*show.NOT_SHOWN_IN_LISTS, "schedule__payload")


_FIELDSETS: Any = (
    (
        None,
        {
            "fields": (
                (show.state, show.attempt),
                (show.schedule_link, show.agent_link),
                (show.reason_code, "agent_tag"),
                (show.error_message,),
            )
        },
    ),
    ("Answer", {"fields": ((show.output_text,), (show.usage,))}),
    ("Request", {"fields": ((show.sent_payload,),)}),
    ("Attempts", {"fields": ((show.attempts,),)}),
    (
        "Times",
        {
            "fields": (
                (show.due_at, show.trigger),
                (show.not_before, show.made_at),
                (show.started_at, show.lateness),
                (show.finished_at, show.duration),
                (show.worker, show.lease_expires_at),
            )
        },
    ),
    (
        "Identifiers",
        {
            "fields": (
                (show.run_id, "generation"),
                (show.idempotency_key, show.again_of),
                (show.response_id,),
                (show.trace_id, show.agent_trace_id),
            )
        },
    ),
    ("Raw output", {"fields": ((show.output,),), "classes": ("collapse",)}),
)


@admin.register(Run)
class RunAdmin(VerbAdmin[Run], ReadOnly[Run]):
    """The pages of runs."""

    workspace_path = "schedule__workspace"
    paginator = BoundedPaginator
    list_display = (
        show.state,
        show.reason,
        show.schedule,
        show.trigger,
        show.fire_time,
        show.lateness,
        show.attempt,
        show.duration,
    )
    list_filter = (
        "state",
        ReasonFilter,
        "trigger",
        MadeFilter,
        WorkspaceFilter,
        AgentFilter,
        ScheduleFilter,
    )
    list_select_related = ("schedule__agent",)
    list_disable_select_all = True
    sortable_by = ()
    search_fields = ("id",)  # what they mean: get_search_results
    search_help_text = "Run id, schedule id or agent key"
    verbs = (CANCEL, RETRY)
    fieldsets = _FIELDSETS
    readonly_fields = [name for _, options in _FIELDSETS for line in options["fields"] for name in line]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list above."""
        return RunList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """A whole id, by its index; else the runs of an agent, by its key."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if is_ulid(term.upper()):
            return queryset.filter(Q(id=term.upper()) | Q(schedule=term.upper())), False
        return queryset.filter(schedule__agent__key__icontains=term), False
