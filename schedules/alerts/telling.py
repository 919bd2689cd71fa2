"""Incidents become messages: at their opening, at another cause, each day while they last, and at their end.

Each is marked as told in the transaction that puts its message into the outbox: neither without the other.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction

from schedules.alerts import digests, outages, rules, wording
from schedules.alerts.alone import alone
from schedules.alerts.rules import rule_of
from schedules.alerts.rules_in_force import RulesInForce
from schedules.deliveries import outbox
from schedules.deliveries.alert import Alert
from schedules.models import AlertEvent, Channel, Incident

log = structlog.get_logger(__name__)

BATCH: Final = 5_000
"""Most incidents of one workspace that are told at one go."""

WORKSPACES: Final = 1_000
REMIND_AFTER: Final = timedelta(hours=24)
MOST_A_MINUTE: Final = 20
"""A workspace that would get more than so many messages in a minute gets them in one, but for critical ones."""


def tell(now: datetime) -> int:
    """Put what is to be told into the outbox; how many incidents that were. No workspace waits for another."""
    due = Incident.objects.filter(tell_at__lte=now).order_by().values_list("workspace", flat=True)
    return sum(_tell(workspace_id, now) for workspace_id in list(due.distinct()[:WORKSPACES]))


@transaction.atomic
def _tell(workspace_id: UUID, now: datetime) -> int:
    if not alone():
        return 0
    due = (
        Incident.objects.of_workspace(workspace_id).filter(tell_at__lte=now).order_by("tell_at", "id")[:BATCH]
    )
    alone_, together = _shared_out(workspace_id, list(due), now)
    told = [_told(incident, now) for incident in alone_ if _put(incident, now)]
    if together and digests.may_be_sent(workspace_id, now):
        _put_together(workspace_id, together, now)
        told += [_told(incident, now) for incident in together]
    Incident.objects.bulk_update(told, ["told_at", "tell_at", "telling", "facts"], batch_size=200)
    return len(told)


def _shared_out(
    workspace_id: UUID, due: list[Incident], now: datetime
) -> tuple[list[Incident], list[Incident]]:
    """Those that are told by themselves, and those that share a message because they are too many."""
    recent = digests.told_alone(workspace_id, now)
    if len(due) + recent <= MOST_A_MINUTE:
        return due, []
    critical = [each for each in due if rule_of(each.rule).severity == rules.CRITICAL][:MOST_A_MINUTE]
    chosen = {each.id for each in critical}
    return critical, [each for each in due if each.id not in chosen]


def _put(incident: Incident, now: datetime) -> bool:
    """Also one that cannot be put into words is done with: it must not keep others from being told."""
    try:
        alerts = list(_alerts(incident, now))
    except Exception:
        log.exception("alerting.not_told", incident_id=incident.id, rule=incident.rule)
        return True
    outbox.put(alerts)
    return True


def _put_together(workspace_id: UUID, due: list[Incident], now: datetime) -> None:
    """One digest; PagerDuty, which has an incident for each of ours, is told of each."""
    outbox.put([digests.alert_about(workspace_id, due, now)], without=Channel.PAGERDUTY)
    outbox.put([alert for incident in due for alert in _alerts(incident, now)], only=Channel.PAGERDUTY)


def _alerts(incident: Incident, now: datetime) -> Iterator[Alert]:
    """One, or two of an incident that is over before anybody was told that it had begun."""
    if incident.rule == rules.OUTAGE and incident.is_open:
        window = (
            RulesInForce([incident.workspace_id])
            .of(rules.OUTAGE, incident.workspace_id, incident.agent_id)
            .window
        )
        since = incident.opened_at - timedelta(seconds=window)
        count = outages.failing_count(incident.agent_id, incident.signature, since)
        incident.facts["schedule_count"] = count or incident.facts.get("schedule_count", 0)
    yield wording.alert_about(incident, AlertEvent(incident.telling), now)
    if incident.telling == AlertEvent.OPENED and not incident.is_open:
        yield wording.alert_about(incident, AlertEvent.RECOVERED, now)


def _told(incident: Incident, now: datetime) -> Incident:
    """It is quiet for a day, and for good once it is over or somebody has acknowledged it."""
    incident.told_at = now
    is_quiet = not incident.is_open or incident.acknowledged_at is not None
    incident.telling = "" if is_quiet else AlertEvent.REMINDER
    incident.tell_at = None if is_quiet else now + REMIND_AFTER
    return incident
