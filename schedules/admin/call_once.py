"""Calling an agent once by hand: a schedule that fires in ten seconds and never again, so that all of it is kept."""

from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.widgets import UnfoldAdminTextareaWidget

from schedules import editing
from schedules.admin.base import signature
from schedules.admin.pause_pages import PausePages
from schedules.database.clock import time_to_act
from schedules.editing import NewSchedule
from schedules.errors import Refused
from schedules.expressions.instants import for_people
from schedules.models import TRIGGER_DELAY, Agent, Schedule, ScheduleType

NAME: Final = "Called by hand"
_ADD: Final = "schedules.add_schedule"


class CallForm(forms.Form):
    """What the agent is told."""

    input = forms.CharField(
        max_length=20_000,
        help_text="The text that the agent gets",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
    )


def call_once(agent: Agent, text: str, actor: str, now: datetime) -> Schedule:
    """A schedule of the agent that fires at the next whole second from ten seconds on; Refused."""
    at = (now + TRIGGER_DELAY).replace(microsecond=0) + timedelta(seconds=1)
    new = NewSchedule(ScheduleType.ONCE, f"@at {at:%Y-%m-%dT%H:%M:%SZ}", {"input": text}, display_name=NAME)
    return editing.create(agent, new, actor, now)


class CallPages(PausePages[Agent]):
    """`<id>/call/`, for whoever may add schedules to the agent."""

    def get_urls(self) -> list[URLPattern]:
        """Ahead of the pages of rows."""
        view = self.admin_site.admin_view(self.call_view)
        do, *others = super().get_urls()
        return [do, path("<path:object_id>/call/", view, name="schedules_agent_call"), *others]

    def call_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The page, and what its form does: it leads to the schedule, where the run appears."""
        if not request.user.has_perm(_ADD):
            raise PermissionDenied
        agent = self.get_object(request, unquote(object_id))
        if agent is None:
            raise Http404
        if not request.user.has_perm(_ADD, agent):
            raise PermissionDenied
        form = CallForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                made = call_once(agent, form.cleaned_data["input"], signature(request), time_to_act())
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                return self._called(request, made)
        context = {
            **self.admin_site.each_context(request),
            "title": "Call once",
            "agent": agent,
            "act": "Call",
            "form": form,
            "back": self._url("change", agent.pk),
        }
        return TemplateResponse(request, "console/call.html", context)

    def _called(self, request: HttpRequest, made: Schedule) -> HttpResponse:
        at = made.next_fire_at
        when = f" at {for_people(at)}" if at else ""
        self.message_user(request, f"It is called{when}; until then a pause undoes it", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:schedules_schedule_change", args=(quote(made.pk),)))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With the link to the page that calls."""
        agent = context.get("original")
        if agent is not None and request.user.has_perm(_ADD, agent):
            context["call_url"] = self._url("call", agent.pk)
        return super().render_change_form(request, context, *args, **kwargs)
