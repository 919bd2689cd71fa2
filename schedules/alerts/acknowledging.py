"""A person has seen an incident: no reminder any more, unless its cause changes. Its end is told all the same."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from schedules import actors, journal
from schedules.alerts.alone import wait_until_alone
from schedules.errors import IncidentClosed, IncidentNotFound
from schedules.models import AlertEvent, Incident


@transaction.atomic
def acknowledge(workspace_id: UUID, incident_id: str, actor: str, now: datetime, note: str = "") -> Incident:
    """The incident, acknowledged; again changes the note only, if there is one. IncidentNotFound, IncidentClosed."""
    wait_until_alone()
    incident = (
        Incident.objects.select_for_update(no_key=True)
        .of_workspace(workspace_id)
        .filter(id=incident_id)
        .first()
    )
    if incident is None:
        raise IncidentNotFound
    if not incident.is_open:
        raise IncidentClosed
    if incident.acknowledged_at is None:
        incident.acknowledged_at, incident.acknowledged_by_id = now, actor
        incident.acknowledged_by_name = actors.current().name[:150]
    incident.note = note or incident.note
    if incident.telling in (AlertEvent.OPENED, AlertEvent.REMINDER):
        incident.telling, incident.tell_at = "", None
    incident.save()
    journal.record("acknowledge", incident, journal.first_values({"note": note}) if note else None)
    return incident
