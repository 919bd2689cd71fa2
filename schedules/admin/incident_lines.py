"""Open incidents on the front page, the worst first; those that somebody has acknowledged are counted apart."""

from collections.abc import Iterator
from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse

from schedules import access, lengths
from schedules.admin.lines import Line
from schedules.alerts import wording
from schedules.alerts.remedies import remedy_of
from schedules.alerts.rules import CRITICAL, rule_of
from schedules.models import Incident
from schedules.overview.incidents import OpenIncidents, open_incidents
from schedules.overview.reach import Reach

SHOWN = 8


def seen_incidents(request: HttpRequest) -> OpenIncidents | None:
    """What is open where the person may look; None: nowhere."""
    if not request.user.has_perm("schedules.view_incident"):
        return None
    workspaces = access.workspaces_where(request.user, "schedules.view_incident")
    return open_incidents(Reach(workspaces=workspaces), SHOWN)


def headline(found: OpenIncidents | None, now: datetime) -> Iterator[Line]:
    """For the verdict: how many nobody has seen, and the worst of them."""
    if found is None or not found.worst:
        return
    worst = max(found.worst, key=lambda each: (_is_critical(each), each.count))
    kind, words = _told(worst, now)
    if found.open_count > 1:
        words = f"{found.open_count:,} open incidents; the worst: {words}"
    yield Line(kind, words, _page(worst), remedy_of(worst.rule))


def incident_lines(request: HttpRequest, found: OpenIncidents | None, now: datetime) -> list[Line]:
    """A line for each of the first, then how many more there are, and how many have been seen."""
    if found is None:
        return []
    return [*(_line(request, each, now) for each in found.worst), *_rest(found)]


def _line(request: HttpRequest, incident: Incident, now: datetime) -> Line:
    may = request.user.has_perm("schedules.acknowledge_incident", incident)
    act = reverse("admin:schedules_incident_do", args=(incident.pk, "acknowledge")) if may else ""
    return Line(*_told(incident, now), _page(incident), remedy_of(incident.rule), act)


def _told(incident: Incident, now: datetime) -> tuple[str, str]:
    """Its colour, and what is wrong and since when."""
    kind = "error" if _is_critical(incident) else "warning"
    return kind, f"{wording.sentence(incident)}; opened {lengths.by_the_minute(incident.opened_at, now)}"


def _is_critical(incident: Incident) -> bool:
    return rule_of(incident.rule).severity == CRITICAL


def _page(incident: Incident) -> str:
    return reverse("admin:schedules_incident_change", args=(incident.pk,))


def _rest(found: OpenIncidents) -> Iterator[Line]:
    page = reverse("admin:schedules_incident_changelist")
    if more := found.open_count - len(found.worst):
        yield Line("warning", f"and {more:,} more that nobody has seen", f"{page}?state=open")
    if found.acknowledged_count:
        yield Line("success", f"{found.acknowledged_count:,} acknowledged", f"{page}?state=acknowledged")
