"""Schedules in the console: list, page and forms over the verbs of `editing` and `triggering`."""

from contextlib import suppress
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from schedules import access, editing, holds, journal
from schedules.admin import schedule_cells as show
from schedules.admin import schedule_confirmation
from schedules.admin.base import signature
from schedules.admin.change_schedule_form import ChangeScheduleForm
from schedules.admin.confirming import WAITING, reopen, sealed_form
from schedules.admin.filters import ActivityFilter, AgentFilter, DeletedFilter, WorkspaceFilter
from schedules.admin.pages import page_of_run
from schedules.admin.pause_cells import pause_words
from schedules.admin.run_cells import recent_runs
from schedules.admin.run_strips import strip, took_and_spent
from schedules.admin.schedule_form import CONFIRMED, AddScheduleForm, Consequences, ScheduleForm
from schedules.admin.schedule_list import ScheduleList, SchedulePaginator
from schedules.admin.schedule_panels import panels
from schedules.admin.schedule_previews import SchedulePreviews, asking_attributes
from schedules.admin.typed import ModelForm
from schedules.admin.verbs import Verb
from schedules.database.clock import time_to_act
from schedules.errors import Refused, ScheduleInactive, ScheduleNotFound
from schedules.models import Agent, Schedule
from schedules.triggering import run_now


def _run_now(schedule: Schedule, actor: str, now: datetime) -> object:
    return run_now.trigger(schedule.id, now)


def _pause(schedule: Schedule, actor: str, now: datetime) -> object:
    if schedule.deleted_at is None and not schedule.is_active:
        raise Refused("already inactive")
    return editing.update(schedule.id, {"is_active": False}, actor, now)


def _resume(schedule: Schedule, actor: str, now: datetime) -> object:
    if schedule.is_active:
        raise Refused("already active")
    return editing.update(schedule.id, {"is_active": True}, actor, now)


SKIPPED: dict[type[Exception], str] = {ScheduleInactive: "inactive", ScheduleNotFound: "deleted"}
RUN_NOW = Verb[Schedule](
    "run-now",
    "Run now",
    "play_arrow",
    "will run in 10 s",
    "run",
    _run_now,
    holds.is_shown_active,
    SKIPPED,
    lands=page_of_run,
)
PAUSE = Verb[Schedule](
    "pause", "Pause", "pause", "paused", "pause", _pause, lambda s: False, SKIPPED
)  # its page has a link to more
RESUME = Verb[Schedule](
    "resume",
    "Resume",
    "resume",
    "resumed",
    "pause",
    _resume,
    lambda s: not s.is_active and s.deleted_at is None,
    SKIPPED,
)
VIEW_RUN = "schedules.view_run"


MOST_AGENTS = 100
_OF_RUNS: Any = (strip, took_and_spent)
_FORM = ("display_name", "agent_tag", "expression", "is_active", "payload")
_HISTORY = (
    (show.activity, show.run_count),
    (show.last_start, "generation"),
    (show.created, show.updated),
    (show.schedule_id, "workspace"),
)
_TO_ADD: Any = (
    (None, {"fields": ("agent", "display_name", "agent_tag")}),
    ("Cadence", {"fields": ("expression", show.preview)}),
    ("Request", {"fields": ("payload", show.payload_check)}),
)
_TO_CHANGE: Any = (
    (None, {"fields": (show.agent, "display_name", "agent_tag")}),
    ("Cadence", {"fields": ("expression", show.preview, "is_active", pause_words)}),
    ("Request", {"fields": ("payload", show.payload_check)}),
    ("History", {"fields": _HISTORY}),
)
_TO_VIEW: Any = (
    (None, {"fields": (show.agent, "display_name", "agent_tag")}),
    ("Cadence", {"fields": ("type", "expression", show.in_words, pause_words, show.next_fires)}),
    ("Request", {"fields": (show.masked_payload,)}),
    ("History", {"fields": (*_HISTORY, show.deleted)}),
)


@admin.register(Schedule)
class ScheduleAdmin(SchedulePreviews):
    """The pages of schedules."""

    workspace_path = "workspace"
    list_display = (
        show.name,
        show.expression,
        show.activity,
        show.next_fire,
        *_OF_RUNS,
    )
    sortable_by: ClassVar[Any] = (show.next_fire,)
    list_class = ScheduleList
    paginator = SchedulePaginator
    list_filter = (WorkspaceFilter, AgentFilter, "type", ActivityFilter, DeletedFilter)
    list_select_related = ("agent", "workspace", "next_fire")
    search_fields = ("id", "display_name", "agent__key")
    search_help_text = "Id, or the beginning of its name or its agent's key"
    change_form_outer_before_template = "console/schedule_panels.html"
    change_form_outer_after_template = "console/schedule_past.html"
    verbs = (RUN_NOW, PAUSE, RESUME)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Schedule]:
        """With what every page of it shows."""
        return super().get_queryset(request).select_related(*self.list_select_related)

    def get_list_display(self, request: HttpRequest) -> Any:
        """Without the state of runs, unless the person may see them wherever they see schedules."""
        seen, of_runs = (
            access.workspaces_where(request.user, name) for name in (self.permission("view"), VIEW_RUN)
        )
        may_see = of_runs is None or (seen is not None and seen <= of_runs)
        return [cell for cell in self.list_display if may_see or cell not in _OF_RUNS]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """The beginning of a name or of an agent's key, or a whole id: all by indexes."""
        term = search_term.strip()
        agents = Agent.objects.filter(key__istartswith=term).values_list("pk", flat=True)[:MOST_AGENTS]
        is_meant = Q(id=term.upper()) | Q(display_name__istartswith=term) | Q(agent__in=list(agents))
        return (queryset.filter(is_meant) if term else queryset), False

    def has_change_permission(self, request: HttpRequest, obj: Schedule | None = None) -> bool:
        """A deleted schedule is history."""
        return super().has_change_permission(request, obj) and not _is_deleted(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Schedule | None = None) -> bool:
        """Once is enough."""
        return super().has_delete_permission(request, obj) and not _is_deleted(obj)

    def get_form(
        self, request: HttpRequest, obj: Schedule | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm[Schedule]]:
        """The form of this page, signed by this person, with the agents of their workspaces."""
        kwargs["form"] = ChangeScheduleForm if obj else AddScheduleForm
        form = super().get_form(request, obj, change=change, **kwargs)
        for name, attributes in asking_attributes(obj).items():
            if name in form.base_fields:
                form.base_fields[name].widget.attrs |= attributes
        reach = access.workspaces_where(request.user, self.permission("add"))
        return type(form.__name__, (form,), {"actor": signature(request), "workspaces": reach})

    def get_fieldsets(self, request: HttpRequest, obj: Schedule | None = None) -> Any:
        """Adding asks for the content; a page also shows what became of it; who may not edit sees no form."""
        if obj is None:
            return _TO_ADD
        return _TO_CHANGE if self.has_change_permission(request, obj) else _TO_VIEW

    def get_readonly_fields(self, request: HttpRequest, obj: Schedule | None = None) -> Any:
        """Whatever the form does not ask for."""
        if obj is None:
            return (show.preview, show.payload_check)
        shown = flatten_fieldsets(self.get_fieldsets(request, obj))
        return (
            [name for name in shown if name not in _FORM]
            if self.has_change_permission(request, obj)
            else shown
        )

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A form that was confirmed goes on as it was sent first."""
        if WAITING in request.POST:
            reopen(request)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Schedule:
        """The verb writes; what it returns is the saved schedule."""
        schedule_form: ScheduleForm = form
        return schedule_form.apply()

    def save_model(self, request: HttpRequest, obj: Schedule, form: Any, change: bool) -> None:
        """Nothing: `save_form` did it."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing: a schedule has no parts that a form edits."""

    def delete_model(self, request: HttpRequest, obj: Schedule) -> None:
        """Through the verb; somebody else may have been quicker."""
        with suppress(ScheduleNotFound):
            editing.delete(obj.id, signature(request), time_to_act())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        """Each through the verb."""
        with journal.batch():
            for schedule in queryset:
                self.delete_model(request, schedule)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """The schedules alone: their run history stays."""
        names = [
            f"{schedule} (its pending runs will not start; its run history is kept)" for schedule in objs
        ]
        return names, {str(self.opts.verbose_name_plural): len(names)}, self.undeletable(request, objs), []

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """The page, with the schedule's newest runs for who may see them."""
        schedule, consequences = context.get("original"), _consequences(context)
        if consequences is not None:
            return self._confirmation(request, schedule, consequences)
        if schedule is not None and request.method == "GET":
            context["panels"] = panels(schedule, request)
            if request.user.has_perm(VIEW_RUN, schedule):
                context["recent_runs"] = recent_runs(schedule)
        return super().render_change_form(request, context, *args, **kwargs)

    def _confirmation(
        self, request: HttpRequest, schedule: Schedule | None, consequences: Consequences
    ) -> HttpResponse:
        """The page that asks before anything is saved; what is too long to be sent once more is saved unasked."""
        waiting = sealed_form(request)
        if waiting is None:
            confirmed = request.POST.copy()
            confirmed[CONFIRMED] = "yes"
            request.POST = confirmed  # type: ignore[assignment]  # mutable, which nobody minds
            return self.changeform_view(request, schedule.pk if schedule is not None else None)
        context = {
            **self.admin_site.each_context(request),
            **schedule_confirmation.shown(schedule, consequences),
            "title": f"Save {consequences.after}?",
            "opts": self.opts,
            "waiting": waiting,
        }
        return TemplateResponse(request, "console/confirm_schedule.html", context)


def _consequences(context: dict[str, Any]) -> Consequences | None:
    form = getattr(context.get("adminform"), "form", None)
    return form.consequences if isinstance(form, ScheduleForm) else None


def _is_deleted(schedule: Schedule | None) -> bool:
    return schedule is not None and schedule.deleted_at is not None
