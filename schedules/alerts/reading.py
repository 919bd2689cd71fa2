"""Which incidents a key or a person may see."""

from typing import Final

from django.db.models import Q

from schedules.database.ulids import is_ulid
from schedules.errors import IncidentNotFound
from schedules.models import ApiKey, Incident
from schedules.models.incident import IncidentQuerySet

OPEN: Final = "open"
ACKNOWLEDGED: Final = "acknowledged"
CLOSED: Final = "closed"
STATES: Final = {
    OPEN: Q(closed_at=None, acknowledged_at=None),
    ACKNOWLEDGED: Q(closed_at=None, acknowledged_at__isnull=False),
    CLOSED: Q(closed_at__isnull=False),
}


def visible_to(key: ApiKey) -> IncidentQuerySet:
    """Those of its workspace; of a key that is limited to some agents, only what is about these."""
    theirs = Incident.objects.of_workspace(key.workspace_id)
    return theirs if key.agent_ids is None else theirs.filter(agent_id__in=key.agent_ids)


def visible_one(key: ApiKey, incident_id: str) -> Incident:
    """One of them; IncidentNotFound."""
    incident = visible_to(key).filter(id=incident_id).first() if is_ulid(incident_id) else None
    if incident is None:
        raise IncidentNotFound
    return incident
