"""What fires in an hour, or at a second: by cadence, and the schedules themselves."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from schedules.admin import cells
from schedules.admin.recent_failures import reach
from schedules.database.clock import database_now
from schedules.expressions import describe, parse
from schedules.expressions.instants import for_people, read_instant
from schedules.models import NextFire
from schedules.overview.coming_load import HOURS
from schedules.overview.coming_week import FiringCadence, cadences_firing, schedules_firing

MOST_SCHEDULES: Final = 200
MOST_CADENCES: Final = 30
SECOND: Final = timedelta(seconds=1)
LONGEST: Final = timedelta(hours=HOURS)


@require_safe
def fires(request: HttpRequest) -> HttpResponse:
    """Of the span between `from` and `to` in the address; without `to`: of that second."""
    if not request.user.has_perm("schedules.view_schedule"):
        raise PermissionDenied
    try:
        first, end = _span(request)
    except ValueError as error:
        return HttpResponseBadRequest(str(error), content_type="text/plain")
    return TemplateResponse(request, "console/fires.html", _context(request, first, end))


def _span(request: HttpRequest) -> tuple[datetime, datetime]:
    first = read_instant(request.GET.get("from", ""))
    end = read_instant(request.GET["to"]) if request.GET.get("to") else first + SECOND
    if not first < end <= first + LONGEST:
        raise ValueError("the span must not be empty, nor longer than a week")
    return first, end


def _context(request: HttpRequest, first: datetime, end: datetime) -> dict[str, Any]:
    seen = reach(request, "view_schedule")
    firing = cadences_firing(seen, first, end)
    found = schedules_firing(seen, firing, first, end, database_now(), MOST_SCHEDULES + 1)
    return {
        **admin.site.each_context(request),
        "title": f"What fires {_span_words(first, end)}",
        "total": sum(each.count * len(each.instants) for each in firing),
        "cadences": [_cadence_row(each) for each in firing[:MOST_CADENCES]],
        "other_cadences": max(0, len(firing) - MOST_CADENCES),
        "schedules": [_schedule_row(each) for each in found[:MOST_SCHEDULES]],
        "is_cut": len(found) > MOST_SCHEDULES,
    }


def _span_words(first: datetime, end: datetime) -> str:
    if end - first == SECOND:
        return f"at {for_people(first)}"
    return f"from {for_people(first).removesuffix(' UTC')} to {for_people(end)}"


def _cadence_row(firing: FiringCadence) -> dict[str, Any]:
    words = describe(parse(firing.type, firing.expression))
    instants = ", ".join(f"{at:%H:%M:%S}" for at in firing.instants[:6])
    return {
        "words": words,
        "expression": firing.expression,
        "count": firing.count,
        "instants": f"{instants} …" if len(firing.instants) > 6 else instants,
    }


def _schedule_row(fire: NextFire) -> dict[str, Any]:
    href = reverse("admin:schedules_schedule_change", args=(fire.schedule_id,))
    return {"schedule": fire.schedule, "href": href, "next": cells.clock(fire.fire_time)}
