"""Many incidents of a workspace in one message, at most once a minute."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from schedules.alerts import rules
from schedules.alerts.rules import rule_of
from schedules.deliveries.alert import Alert
from schedules.models import Digest, Incident

LISTED: Final = 25
NAME_LENGTH: Final = 40
"""So many incidents are named, so briefly: the message must stay below 20 kB in any script."""

_MINUTE: Final = timedelta(minutes=1)


def may_be_sent(workspace_id: UUID, now: datetime) -> bool:
    """Whether there was none within the last minute; from now on there was one."""
    digest, is_new = Digest.objects.get_or_create(workspace_id=workspace_id, defaults={"sent_at": now})
    if not is_new and now - _MINUTE < digest.sent_at <= now:
        return False
    digest.sent_at = now
    digest.save()
    return True


def told_alone(workspace_id: UUID, now: datetime) -> int:
    """How many incidents have had a message of their own within the last minute."""
    recent = Incident.objects.of_workspace(workspace_id).filter(told_at__gt=now - _MINUTE, told_at__lte=now)
    last = Digest.objects.filter(workspace=workspace_id).values_list("sent_at", flat=True).first()
    return (recent if last is None else recent.exclude(told_at=last)).count()


def alert_about(workspace_id: UUID, due: list[Incident], now: datetime) -> Alert:
    """What is new of all of these."""
    counts = Counter(_type(incident) for incident in due)
    data: dict[str, object] = {
        "workspace_id": str(workspace_id),
        "incident_count": len(due),
        "counts": dict(counts),
        "incidents": [_entry(incident) for incident in due[:LISTED]],
        "not_listed_count": max(0, len(due) - LISTED),
    }
    names = ", ".join(f"{count} × {kind}" for kind, count in sorted(counts.items()))
    return Alert(rules.DIGEST, workspace_id, "", now, _severity(due), f"{len(due)} at once: {names}", data)


def _type(incident: Incident) -> str:
    return f"{incident.rule}.{incident.telling}"


def _entry(incident: Incident) -> dict[str, str]:
    return {
        "incident_id": incident.id,
        "type": _type(incident),
        "subject_id": incident.subject_id,
        "subject_name": incident.subject_name[:NAME_LENGTH],
        "code": incident.signature[:NAME_LENGTH],
    }


def _severity(due: list[Incident]) -> str:
    severities = {rule_of(incident.rule).severity for incident in due if incident.is_open}
    return next((each for each in (rules.CRITICAL, rules.WARNING) if each in severities), rules.INFO)
