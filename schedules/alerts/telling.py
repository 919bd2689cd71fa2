"""Incidents become messages: at their opening, at another cause, each day while they last, and at their end.

Each is marked as told in the transaction that puts its message into the outbox: neither without the other.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from schedules.alerts import outages, rules, wording
from schedules.alerts.alone import alone
from schedules.database.ulids import new_ulid
from schedules.deliveries import outbox
from schedules.deliveries.alert import Alert
from schedules.models import AlertEvent, Digest, Incident

BATCH: Final = 1_000
REMIND_AFTER: Final = timedelta(hours=24)
MOST_A_MINUTE: Final = 20
"""A workspace that would get more than so many messages in a minute gets them in one."""

LISTED: Final = 40
"""So many incidents are named in a digest, which must stay below 20 kB."""

_MINUTE: Final = timedelta(minutes=1)


def tell(now: datetime) -> int:
    """Put what is to be told into the outbox; how many incidents that were."""
    if not Incident.objects.filter(tell_at__lte=now).exists():
        return 0
    with transaction.atomic():
        if not alone():
            return 0
        due = list(Incident.objects.filter(tell_at__lte=now).order_by("tell_at", "id")[:BATCH])
        by_workspace: dict[UUID, list[Incident]] = defaultdict(list)
        for incident in due:
            by_workspace[incident.workspace_id].append(incident)
        told = [
            each for workspace_id, theirs in by_workspace.items() for each in _tell(workspace_id, theirs, now)
        ]
        Incident.objects.bulk_update(told, ["told_at", "tell_at", "telling", "facts"], batch_size=200)
    return len(told)


def _tell(workspace_id: UUID, due: list[Incident], now: datetime) -> list[Incident]:
    """Those that have been told: all, or none while the workspace has just had a digest."""
    recent = Incident.objects.of_workspace(workspace_id).filter(told_at__gt=now - _MINUTE).count()
    if len(due) + recent > MOST_A_MINUTE:
        return _tell_in_one(workspace_id, due, now)
    _put(alert for incident in due for alert in _alerts(incident, now))
    return [_told(incident, now) for incident in due]


def _tell_in_one(workspace_id: UUID, due: list[Incident], now: datetime) -> list[Incident]:
    digest, is_new = Digest.objects.get_or_create(workspace_id=workspace_id, defaults={"sent_at": now})
    if not is_new and digest.sent_at > now - _MINUTE:
        return []
    digest.sent_at = now
    digest.save()
    _put([_digest(workspace_id, due, now)])
    return [_told(incident, now) for incident in due]


def _put(alerts: Iterable[Alert]) -> None:
    outbox.put(list(alerts))


def _alerts(incident: Incident, now: datetime) -> Iterator[Alert]:
    """One, or two of an incident that is over before anybody was told that it had begun."""
    if incident.rule == rules.OUTAGE and incident.is_open:
        incident.facts["schedule_count"] = outages.failing_count(
            incident.agent_id, incident.signature, incident.opened_at - timedelta(minutes=10)
        ) or incident.facts.get("schedule_count", 0)
    yield wording.alert_about(incident, AlertEvent(incident.telling), now)
    if _is_over_untold(incident):
        yield wording.alert_about(incident, AlertEvent.RECOVERED, now)


def _is_over_untold(incident: Incident) -> bool:
    return incident.telling == AlertEvent.OPENED and not incident.is_open


def _told(incident: Incident, now: datetime) -> Incident:
    """It is quiet for a day, and for good once it is over or somebody has acknowledged it."""
    incident.told_at = now
    is_quiet = not incident.is_open or incident.acknowledged_at is not None
    incident.telling = "" if is_quiet else AlertEvent.REMINDER
    incident.tell_at = None if is_quiet else now + REMIND_AFTER
    return incident


def _digest(workspace_id: UUID, due: list[Incident], now: datetime) -> Alert:
    counts: dict[str, int] = defaultdict(int)
    for incident in due:
        counts[f"{incident.rule}.{incident.telling}"] += 1
    listed = [
        {
            "incident_id": incident.id,
            "type": f"{incident.rule}.{incident.telling}",
            "subject_id": incident.subject_id,
            "subject_name": incident.subject_name[:80],
            "code": incident.signature,
        }
        for incident in due[:LISTED]
    ]
    names = ", ".join(f"{count} × {kind}" for kind, count in sorted(counts.items()))
    data: dict[str, object] = {
        "workspace_id": str(workspace_id),
        "incident_count": len(due),
        "counts": dict(counts),
        "incidents": listed,
        "not_listed_count": max(0, len(due) - LISTED),
    }
    summary = f"{len(due)} incidents at once: {names}"
    return Alert(rules.DIGEST, workspace_id, new_ulid(), now, _severity(due), summary, data)


def _severity(due: list[Incident]) -> str:
    severities = {rules.RULES[incident.rule].severity for incident in due if incident.is_open}
    return next((each for each in (rules.CRITICAL, rules.WARNING) if each in severities), rules.INFO)
