"""Runs in the console: a history to read, with two verbs: cancel and retry."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path

from schedules.admin import run_cells as show
from schedules.admin.base import ReadOnly
from schedules.admin.filters import AgentFilter, MadeFilter, ReasonFilter, ScheduleFilter, WorkspaceFilter
from schedules.admin.island_answers import island_answer
from schedules.admin.keyset_list import KeysetList, KeysetPaginator
from schedules.admin.pages import page_of_run
from schedules.admin.run_islands import run_islands
from schedules.admin.verbs import Verb, VerbAdmin
from schedules.database.ulids import is_ulid
from schedules.errors import RunNotCancellable, RunNotRetryable, ScheduleInactive, ScheduleNotFound
from schedules.models import FINAL_STATES, UNFINISHED_STATES, UNSUCCESSFUL_STATES, Agent, Run, Schedule
from schedules.runs import transitions
from schedules.triggering import run_now


def _cancel(run: Run, actor: str, now: datetime) -> object:
    if not transitions.cancel(run.id, now):
        raise RunNotCancellable
    return None


def _retry(run: Run, actor: str, now: datetime) -> object:
    return run_now.run_again(run.id, now)


def _is_to_repeat(run: Run) -> bool:
    """Once: what was run again already is repeated from there."""
    is_possible = run.state in UNSUCCESSFUL_STATES and (run.schedule.is_active or run.schedule.is_finished)
    return is_possible and not Run.objects.again_of(run.pk).exists()


MOST_FOUND = 100
STOP_POLLING = 286
"""htmx's own status: take this, and do not ask again."""
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
    _is_to_repeat,
    {
        ScheduleInactive: "schedule inactive",
        ScheduleNotFound: "schedule deleted",
        RunNotRetryable: "not ended yet, succeeded, or being run again already",
    },
    lands=page_of_run,
)


class RunList(KeysetList):
    """The list's rows, without what is long."""

    def get_queryset(self, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        """One statement, however many rows."""
        rows: QuerySet[Any] = super().get_queryset(*args, **kwargs)
        return rows.defer(*show.NOT_SHOWN_IN_LISTS, "schedule__payload")

    def get_results(self, request: HttpRequest) -> None:
        """With the runs that repeat their work."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        show.remember_retries(self.result_list)


@admin.register(Run)
class RunAdmin(VerbAdmin[Run], ReadOnly[Run]):
    """The pages of runs."""

    workspace_path = "workspace"
    list_class = RunList
    paginator = KeysetPaginator
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
    search_help_text = "Id, the beginning of a schedule's name or an agent's key, or an error code"
    verbs = (CANCEL, RETRY)
    fields = ()

    def get_urls(self) -> list[URLPattern]:
        """`<id>/live/`, ahead of Django's own."""
        view = self.admin_site.admin_view(self.live_view)
        return [path("<path:object_id>/live/", view, name="schedules_run_live"), *super().get_urls()]

    def live_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What the open page of a run asks for every few seconds; 286 tells htmx to ask no more."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        run = self.get_object(request, unquote(object_id))
        if run is None:
            raise Http404
        answer = island_answer(request, run_islands(request, run, self._buttons(request, run)))
        if run.state in FINAL_STATES and answer.status_code == HTTPStatus.OK:
            answer.status_code = STOP_POLLING
        return answer

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """The islands, and where they are fetched again while it has not ended."""
        run = context.get("original")
        if run is not None:
            context["islands"] = list(run_islands(request, run, self._buttons(request, run)))
            context["live_url"] = "" if run.state in FINAL_STATES else self._url("live", run.pk)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """A whole id, by its index; else a name of a schedule or an agent, or a code."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if is_ulid(term.upper()):
            return queryset.filter(Q(id=term.upper()) | Q(schedule=term.upper())), False
        return queryset.filter(_is_meant(term)), False


def _is_meant(term: str) -> Q:
    """Runs of schedules and agents whose name begins so, and those that ended with this code: all by indexes."""
    named = (
        Schedule.objects.filter(display_name__istartswith=term).order_by("-pk").values_list("pk", flat=True)
    )
    agents = Agent.objects.filter(key__istartswith=term).values_list("workspace_id", "pk")[:MOST_FOUND]
    is_meant = Q(schedule__in=list(named[:MOST_FOUND])) | Q(reason=term)
    for workspace_id, agent_id in agents:
        is_meant |= Q(workspace=workspace_id, agent=agent_id)
    return is_meant
