"""Who waits for whom: the agents that runs wait for, how many and since when, and what each waits for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from schedules import holds
from schedules.admin import cells, pause_cells
from schedules.admin.agent_health_cells import in_flight_words, waiting_cell
from schedules.admin.recent_failures import reach
from schedules.database.clock import database_now
from schedules.limits.calls_in_flight import AGENT, WORKSPACE, Full, limits_of
from schedules.models import Agent
from schedules.overview.waiting import (
    MOST_AGENTS,
    Backlog,
    agents_waited_for,
    backlogs_of,
    in_flight_of_workspaces,
)

_HEADS: Final = ("Agent", "Workspace", "Waiting", "In flight", "What they wait for")


@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """The longest wait first."""
    if not request.user.has_perm("schedules.view_run"):
        raise PermissionDenied
    agents = agents_waited_for(reach(request, "view_run"))
    context = {
        **admin.site.each_context(request),
        "title": "Waiting runs",
        "table": {"headers": _HEADS, "rows": _rows(agents, database_now())},
        "is_cut": len(agents) == MOST_AGENTS,
    }
    return TemplateResponse(request, "console/waiting.html", context)


def _rows(agents: list[Agent], now: datetime) -> list[list[str]]:
    pause_cells.remember(agents)
    backlogs = backlogs_of([agent.pk for agent in agents])
    of_workspaces = in_flight_of_workspaces({agent.workspace_id for agent in agents})
    agents.sort(key=lambda agent: backlogs[agent.pk].oldest or now)
    return [_row(agent, backlogs[agent.pk], of_workspaces, now) for agent in agents]


def _row(agent: Agent, backlog: Backlog, of_workspaces: Mapping[UUID, int], now: datetime) -> list[str]:
    page = reverse("admin:schedules_agent_change", args=(agent.pk,))
    return [
        cells.link(page, agent.key),
        cells.one_line(agent.workspace.name),
        waiting_cell(agent, backlog),
        cells.one_line(in_flight_words(agent, backlog.in_flight_count)),
        why(agent, backlog, of_workspaces.get(agent.workspace_id, 0), now),
    ]


def why(agent: Agent, backlog: Backlog, of_workspace: int, now: datetime) -> str:
    """What keeps the oldest run of the backlog from starting."""
    hold = pause_cells.hold_on(agent)
    if hold is not None:
        return str(holds.pause_of_hold(hold))
    if backlog.oldest is None or backlog.oldest > now:
        return "none is due yet"
    limits = limits_of(agent)
    counts: Any = (
        (AGENT, backlog.in_flight_count, limits.agent),
        (WORKSPACE, of_workspace, limits.workspace),
    )
    full = (Full(*each) for each in counts if each[2] is not None and each[1] >= each[2])
    return str(next(full, "a worker that is free"))
