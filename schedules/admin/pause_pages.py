"""Pausing with a note and an end: a page that says what it stops and asks; and the buttons that lift a hold."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from schedules import editing, holds
from schedules.admin.base import signature
from schedules.admin.pause_form import PauseForm
from schedules.admin.verbs import Verb, VerbAdmin
from schedules.database.clock import time_to_act
from schedules.errors import Refused
from schedules.holds import Reach
from schedules.holds.counting import count_stopped
from schedules.models import Agent, Schedule

M = TypeVar("M", bound=Model)
Pausing = Callable[[str, str, datetime | None], object]
"""Does it: signature, note, until."""


def reach_of(row: Any) -> Reach:
    """What a hold on the row reaches."""
    return Reach.of_agent(row) if isinstance(row, Agent) else Reach(row)


def _release(row: Model, actor: str, now: datetime) -> object:
    if holds.release(reach_of(row)) is None:
        raise Refused("not held")
    return None


def _is_held(row: Model) -> bool:
    return reach_of(row).open_holds().in_force(time_to_act()).exists()


RELEASE = Verb[Any](
    "release",
    "Lift the hold",
    "play_circle",
    "released",
    "pause",
    _release,
    _is_held,
    confirmation="Lift the hold?",
)


class PausePages(VerbAdmin[M]):
    """Pages of rows that can be paused, by whoever may `pause` them."""

    def get_urls(self) -> list[URLPattern]:
        """`<id>/pause/`, ahead of Django's own and after `<id>/do/pause/`, which looks like it."""
        view = self.admin_site.admin_view(self.pause_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_pause"
        do, *others = super().get_urls()
        return [do, path("<path:object_id>/pause/", view, name=name), *others]

    def pausing(self, row: M) -> tuple[str, Pausing]:
        """What it stops, in words, and how that is done: for an agent or a workspace a hold."""
        reach = reach_of(row)
        return f"{reach}: {count_stopped(reach)}", holding(reach)

    def is_pausable(self, row: M) -> bool:
        """Whether the page of the row offers it."""
        return True

    def pause_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The page, and what its form does."""
        if not self.may(request, "pause"):
            raise PermissionDenied
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not self.may(request, "pause", row):
            raise PermissionDenied
        what, pause = self.pausing(row)
        back = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=(quote(row.pk),))
        answer = pause_page(self, request, what, pause, back)
        if isinstance(answer, HttpResponseRedirect):
            self.log_change(request, row, "Pause.")
        return answer

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With the link to the page that pauses."""
        row = context.get("original")
        if row is not None and self.is_pausable(row) and self.may(request, "pause", row):
            name = f"admin:{self.opts.app_label}_{self.opts.model_name}_pause"
            context["pause_url"] = reverse(name, args=(quote(row.pk),))
        return super().render_change_form(request, context, *args, **kwargs)


class SchedulePausePages(PausePages[Schedule]):
    """A schedule's own pause."""

    def pausing(self, row: Schedule) -> tuple[str, Pausing]:
        """Its cadence ends, its waiting runs are discarded."""

        def pause(actor: str, note: str, until: datetime | None) -> object:
            return editing.pause(row.id, actor, time_to_act(), note=note, until=until)

        return f"schedule {row}; resumed, its cadence begins anew", pause

    def is_pausable(self, row: Schedule) -> bool:
        """Paused already, it can be given another note."""
        return row.deleted_at is None and not row.is_finished


def holding(reach: Reach) -> Pausing:
    """Hold it."""

    def hold(actor: str, note: str, until: datetime | None) -> object:
        return holds.hold(reach, actor, note=note, until=until)

    return hold


def pause_page(
    pages: VerbAdmin[Any], request: HttpRequest, what: str, pause: Pausing, back: str
) -> HttpResponse:
    """The form; when it is sent, do it and go back to where it came from."""
    form = PauseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            pause(signature(request), form.cleaned_data["note"], form.cleaned_data["until"])
        except Refused as refusal:
            form.add_error(refusal.param if refusal.param in form.fields else None, str(refusal))
        else:
            pages.message_user(request, f"Paused {what}", messages.SUCCESS)
            return HttpResponseRedirect(back)
    context = {
        **pages.admin_site.each_context(request),
        "title": "Pause",
        "what": what,
        "act": "Pause",
        "form": form,
        "back": back,
    }
    return TemplateResponse(request, "console/pause.html", context)


def require_superuser_post(request: HttpRequest, *, is_post: bool) -> HttpResponse | None:
    """PermissionDenied for others; an answer to a method that is not meant."""
    if not (request.user.is_active and getattr(request.user, "is_superuser", False)):
        raise PermissionDenied
    return HttpResponseNotAllowed(["POST"]) if is_post and request.method != "POST" else None
