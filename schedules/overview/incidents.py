"""What is wrong now, as far as somebody may look: the worst first, what nobody has seen before what somebody has."""

from dataclasses import dataclass
from typing import Final

from django.db.models import Count, Q

from schedules.alerts.rules import CRITICAL, RULES
from schedules.models import Incident
from schedules.models.incident import IncidentQuerySet
from schedules.overview.reach import Reach

_CRITICAL: Final = [name for name, rule in RULES.items() if rule.severity == CRITICAL]


@dataclass(frozen=True, slots=True)
class OpenIncidents:
    """How many are open and nobody has seen them, how many somebody has, and the first of the former."""

    open_count: int
    acknowledged_count: int
    worst: list[Incident]


def open_incidents(reach: Reach, most: int = 10) -> OpenIncidents:
    """Three queries over what is open; one where nothing is."""
    rows = _within(reach)
    unseen = Q(acknowledged_at=None)
    counts = rows.aggregate(open=Count("pk", filter=unseen), seen=Count("pk", filter=~unseen))
    newest = rows.filter(unseen).order_by("-id")
    worst = list(newest.filter(rule__in=_CRITICAL)[:most]) if counts["open"] else []
    if counts["open"] and len(worst) < most:
        worst += newest.exclude(rule__in=_CRITICAL)[: most - len(worst)]
    return OpenIncidents(counts["open"], counts["seen"], worst)


def _within(reach: Reach) -> IncidentQuerySet:
    rows = Incident.objects.open()
    if reach.workspaces is not None:
        rows = rows.filter(workspace__in=reach.workspaces)
    return rows if reach.agents is None else rows.filter(agent_id__in=reach.agents)
