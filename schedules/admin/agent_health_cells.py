"""Cells of the list of agents that say how they are, from what was read once for all of its rows."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlencode

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html

from schedules import lengths
from schedules.admin import cells
from schedules.database.clock import database_now, recent_now
from schedules.limits import calls_in_flight
from schedules.models import Agent
from schedules.overview.agent_health import AgentHealth, health_of
from schedules.overview.waiting import Backlog

_READ: Final = "_health_of_list"


def remember(agents: Iterable[Agent]) -> None:
    """Read it once for the rows of a list."""
    rows = list(agents)
    found = health_of([agent.pk for agent in rows], database_now())
    for agent in rows:
        setattr(agent, _READ, found[agent.pk])


def _of(agent: Agent) -> AgentHealth:
    if not hasattr(agent, _READ):
        remember([agent])
    known: AgentHealth = getattr(agent, _READ)
    return known


@admin.display(description="Health")
def health(agent: Agent) -> str:
    """Whether it answers, and since when it does not."""
    found, now = _of(agent), recent_now()
    success = (
        f"last success {lengths.by_the_minute(found.last_success, now)}"
        if found.last_success
        else "no success in 7 d"
    )
    if found.failing_since is not None:
        text = f"Failing since {lengths.by_the_minute(found.failing_since, now)}"
        return cells.two_lines(text, success, face="console-failing")
    return cells.two_lines(
        "Well" if found.last_success else "Not called in 7 d", success if found.last_success else ""
    )


@admin.display(description="In flight")
def in_flight(agent: Agent) -> str:
    """Of its limit."""
    return in_flight_words(agent, _of(agent).backlog.in_flight_count)


@admin.display(description="Waiting")
def waiting(agent: Agent) -> str:
    """How many runs wait for it, and since when the oldest could have started."""
    return waiting_cell(agent, _of(agent).backlog)


def waiting_cell(agent: Agent, backlog: Backlog) -> str:
    """The same of a backlog that is known."""
    if not backlog.waiting_count:
        return cells.NOTHING
    asked = urlencode({"state__exact": "pending", "agent": agent.pk})
    href = f"{reverse('admin:schedules_run_changelist')}?{asked}"
    oldest = lengths.by_the_minute(backlog.oldest, recent_now()) if backlog.oldest else ""
    return format_html(
        '<a href="{}" class="text-link">{}</a><div class="text-xs">oldest {}</div>',
        href,
        f"{backlog.waiting_count:,}{' or more' if backlog.is_cut else ''}",
        oldest,
    )


def in_flight_words(agent: Agent, count: int) -> str:
    """`3 of 8`, whose workspace is loaded."""
    limit = calls_in_flight.limits_of(agent).agent
    return f"{count:,} of {'any number' if limit is None else f'{limit:,}'}"
