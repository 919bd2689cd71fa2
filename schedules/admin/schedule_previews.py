"""What the form of a schedule asks while somebody writes: what an expression means, if a payload is right."""

from datetime import datetime
from typing import Any, Final

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.shortcuts import render
from django.urls import URLPattern, path, reverse

from schedules import access
from schedules.admin import cells
from schedules.admin.pause_pages import SchedulePausePages
from schedules.admin.payload_field import PayloadField
from schedules.agents import check_fit
from schedules.database.clock import time_to_act
from schedules.errors import Refused
from schedules.expressions import InvalidExpression, type_of
from schedules.expressions.parsing import MAX_LENGTH
from schedules.models import Agent, Schedule
from schedules.previewing import Herd, Window, herd_at, preview_expression
from schedules.secrets import payloads

SHOWN_FIRES: Final = 5


class SchedulePreviews(SchedulePausePages):
    """The two questions, for whoever may add or change a schedule anywhere. Neither changes anything."""

    def get_urls(self) -> list[URLPattern]:
        """`preview/` and `check-payload/`, ahead of the pages of rows."""
        preview = self.admin_site.admin_view(self.preview_view)
        check = self.admin_site.admin_view(self.check_payload_view)
        return [
            path("preview/", preview, name="schedules_schedule_preview"),
            path("check-payload/", check, name="schedules_schedule_check_payload"),
            *super().get_urls(),
        ]

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """The next fires of `expression`, or why it has none."""
        self._require_editor(request)
        expression = request.GET.get("expression", "")[: MAX_LENGTH + 1]
        return render(request, "console/expression_preview.html", self._preview(request, expression))

    def _preview(self, request: HttpRequest, expression: str) -> dict[str, Any]:
        if not expression:
            return {}
        now, type_ = time_to_act(), type_of(expression)
        try:
            preview = preview_expression(type_, expression, Window(None, None, SHOWN_FIRES), now)
        except InvalidExpression as refusal:
            return {
                "problem": refusal.problem,
                "suggestion": refusal.suggestion,
                "example": refusal.example,
            }
        herd = self._herd(request, preview.fire_times[0]) if preview.fire_times else None
        return {
            "type": type_,
            "preview": preview,
            "moments": [cells.moment_from(moment, now) for moment in preview.fire_times],
            "herd": herd,
            "herd_words": str(herd).capitalize() if herd else "",
        }

    def _herd(self, request: HttpRequest, at: datetime) -> Herd | None:
        """Who else fires then in the workspace of the schedule, or of the chosen agent."""
        schedule = self._schedule(request, request.GET)
        if schedule is not None:
            return herd_at(at, schedule.workspace_id, schedule.pk)
        agent = self._agent(request, request.GET)
        return herd_at(at, agent.workspace_id) if agent is not None else None

    def _schedule(self, request: HttpRequest, asked: QueryDict) -> Schedule | None:
        schedule_id = str(asked.get("schedule", ""))
        return self.get_object(request, schedule_id) if schedule_id else None

    def _agent(self, request: HttpRequest, asked: QueryDict) -> Agent | None:
        agents = Agent.objects.filter(pk=asked.get("agent", "").replace("\0", ""))
        reach = access.workspaces_where(request.user, self.permission("add"))
        return (agents if reach is None else agents.filter(workspace__in=reach)).first()

    def check_payload_view(self, request: HttpRequest) -> HttpResponse:
        """Whether the API would take `payload`; secrets go in, none comes out."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self._require_editor(request)
        schedule = self._schedule(request, request.POST)
        agent = schedule.agent if schedule is not None else self._agent(request, request.POST)
        checked = _checked(request.POST.get("payload", ""), schedule, agent)
        return render(request, "console/payload_check.html", checked)

    def _require_editor(self, request: HttpRequest) -> None:
        if not (self.may(request, "add") or self.may(request, "change")):
            raise PermissionDenied


def _checked(text: str, schedule: Schedule | None, agent: Agent | None) -> dict[str, str]:
    try:
        payload = payloads.check(PayloadField().clean(text))
        sealed = payloads.sealed(payload, schedule.payload if schedule is not None else None)
        if agent is not None:
            check_fit(agent, sealed)
    except ValidationError as error:
        return {"problem": " ".join(error.messages)}
    except Refused as refusal:
        return {"problem": str(refusal)}
    return {"words": f"The API takes this payload: {payloads.size(payload):,} bytes"}


def asking_attributes(schedule: Schedule | None) -> dict[str, dict[str, str]]:
    """By field: what makes htmx ask while it is written."""
    named = f'{{"schedule": "{schedule.pk}"}}' if schedule is not None else "{}"
    return {
        "expression": {
            "hx-get": reverse("admin:schedules_schedule_preview"),
            "hx-trigger": "input changed delay:250ms",
            "hx-target": "#expression-preview",
            "hx-include": "#id_agent",
            "hx-vals": named,
            "hx-sync": "this:replace",
            "aria-describedby": "expression-preview",
        },
        "payload": {
            "hx-post": reverse("admin:schedules_schedule_check_payload"),
            "hx-trigger": "input changed delay:500ms",
            "hx-target": "#payload-check",
            "hx-include": "[name=csrfmiddlewaretoken], #id_agent",
            "hx-vals": named,
            "hx-sync": "this:replace",
            "hx-params": "payload,schedule,agent,csrfmiddlewaretoken",
            "aria-describedby": "payload-check",
        },
    }
