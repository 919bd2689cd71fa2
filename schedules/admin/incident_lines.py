"""Open incidents on the front page, the worst first; those that somebody has acknowledged are counted apart."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.http import HttpRequest
from django.urls import reverse

from schedules import access, lengths
from schedules.admin.lines import Line
from schedules.alerts import wording
from schedules.alerts.rules import CRITICAL, rule_of
from schedules.models import Incident
from schedules.overview.incidents import OpenIncidents, open_incidents
from schedules.overview.reach import Reach

SHOWN = 8
_NOW = timedelta(0)


def incidents(request: HttpRequest, now: datetime) -> list[Line]:
    """A line for each of the first, then how many more there are, and how many have been seen."""
    if not request.user.has_perm("schedules.view_incident"):
        return []
    workspaces = access.workspaces_where(request.user, "schedules.view_incident")
    found = open_incidents(Reach(workspaces=workspaces), SHOWN)
    return [*(_line(each, now) for each in found.worst), *_rest(found)]


def _line(incident: Incident, now: datetime) -> Line:
    kind = "error" if rule_of(incident.rule).severity == CRITICAL else "warning"
    words = f"{wording.sentence(incident)}; for {lengths.length(max(now - incident.opened_at, _NOW))}"
    return Line(kind, words, reverse("admin:schedules_incident_change", args=(incident.pk,)))


def _rest(found: OpenIncidents) -> Iterator[Line]:
    page = reverse("admin:schedules_incident_changelist")
    if more := found.open_count - len(found.worst):
        yield Line("warning", f"and {more:,} more that nobody has seen", f"{page}?state=open")
    if found.acknowledged_count:
        yield Line("success", f"{found.acknowledged_count:,} acknowledged", f"{page}?state=acknowledged")
