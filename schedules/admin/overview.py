"""The console's front page: a verdict first, then what needs somebody, since when, and what comes next.

It is made of islands, each a piece of HTML with a digest: the page that is open asks for them again every few
seconds and takes those that have changed (admin/live.py).
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from schedules.admin.held_lines import everything, held_lines, seen_holds
from schedules.admin.incident_lines import headline, incident_lines, seen_incidents
from schedules.admin.islands import Island, island
from schedules.admin.lines import Line
from schedules.admin.moments import moment
from schedules.admin.overview_coming import coming
from schedules.admin.overview_health import LEDGER, Tile, ledger_tile, tiles
from schedules.admin.overview_past import bars, figures, past_rows
from schedules.admin.recent_failures import failures, missed, reach
from schedules.database.clock import database_now
from schedules.health.report import recent_report
from schedules.ledger.verdict import ledger_state
from schedules.models import NextFire, Run
from schedules.overview.coming_week import coming_week
from schedules.overview.next_up import next_fires, running_now
from schedules.overview.past_hours import past_week
from schedules.overview.standing import at_work, standing

_WEIGHT: Final = {"error": 0, "warning": 1, "success": 2}


def overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The front page's context (Unfold's DASHBOARD_CALLBACK)."""
    found = list(islands(request, database_now()))
    if getattr(request.user, "is_superuser", False):
        context["everything"] = everything(found[0].context["holds"])
    return context | {"islands": found}


def islands(request: HttpRequest, now: datetime) -> Iterator[Island]:
    """All of them, in the page's order."""
    failing = failures(request, now)
    ledger = ledger_state(now) if request.user.has_perm("schedules.view_auditresult") else None
    shown = [*tiles(), *([ledger_tile(ledger, now)] if ledger else [])]
    seen, wrong = seen_holds(request, now), seen_incidents(request)
    told = [
        *headline(wrong, now),
        *held_lines(seen),
        *_of_a_day(failing.total, missed(request, now)),
    ]
    yield island(request, "verdict", {"lines": _lines(told, shown), "holds": seen})
    yield island(request, "health", {"tiles": shown})
    yield island(request, "incidents", {"incidents": incident_lines(request, wrong, now)})
    yield island(request, "failing", {"failing": failing})
    for name, look in _SEEN.items():
        if request.user.has_perm("schedules.view_run"):
            yield island(request, name, look(request, now))


def _hours(request: HttpRequest, now: datetime) -> dict[str, Any]:
    hours = past_week(reach(request, "view_run"), now)
    shown, highest = bars(hours)
    hour_names = [f"{number:02}" for number in range(24)]
    return {
        "hours": hour_names,
        "bars": shown,
        "highest": highest,
        "figures": figures(hours),
        "rows": past_rows(hours),
    }


def _coming(request: HttpRequest, now: datetime) -> dict[str, Any]:
    return {"coming": coming(coming_week(reach(request, "view_schedule")), now), "hours": range(24)}


def _next(request: HttpRequest, now: datetime) -> dict[str, Any]:
    return {"fires": [_next_row(each) for each in next_fires(reach(request, "view_schedule"), now)]}


def _next_row(fire: NextFire) -> dict[str, Any]:
    href = reverse("admin:schedules_schedule_change", args=(fire.schedule_id,))
    return {"schedule": fire.schedule, "href": href, "at": moment(fire.fire_time)}


def _running(request: HttpRequest, now: datetime) -> dict[str, Any]:
    return {"runs": [_running_row(run) for run in running_now(reach(request, "view_run"))]}


def _running_row(run: Run) -> dict[str, Any]:
    href = reverse("admin:schedules_run_change", args=(run.pk,))
    return {"run": run, "href": href, "at": moment(run.started_at) if run.started_at else ""}


_SEEN: Final[dict[str, Callable[[HttpRequest, datetime], dict[str, Any]]]] = {
    "hours": _hours,
    "coming": _coming,
    "next": _next,
    "running": _running,
}
"""Of whose workspaces somebody may see runs and schedules."""


def _lines(told: list[Line], shown: list[Tile]) -> list[Line]:
    """What is wrong, the worst first; else that all is well."""
    lines = [*(Line(concern.severity, concern.words) for concern in standing()), *told]
    lines += [
        Line(tile.kind, f"{LEDGER}: {tile.words}; {tile.detail}", tile.href) for tile in shown if tile.is_told
    ]
    return sorted(lines, key=lambda line: _WEIGHT[line.kind]) or [_well()]


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
