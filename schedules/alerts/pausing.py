"""Schedules that fail in a way that repeating cannot mend are paused by the service, where that rule is on."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import structlog
from django.db import transaction
from django.db.models import Q

from schedules import editing
from schedules.alerts import rules
from schedules.alerts.alone import wait_until_alone
from schedules.alerts.book import About, Book
from schedules.alerts.rules_in_force import RulesInForce
from schedules.errors import Refused
from schedules.models import PauseReason, Schedule, ScheduleHealth, Subject

log = structlog.get_logger(__name__)

ACTOR: Final = "service"


def pause(schedule_ids: Iterable[str], now: datetime) -> int:
    """Pause those that are still active and still fail in that way; how many."""
    return sum(_pause(schedule_id, now) for schedule_id in schedule_ids)


def _pause(schedule_id: str, now: datetime) -> bool:
    try:
        with transaction.atomic():
            wait_until_alone()
            schedule = editing.locked(schedule_id)
            in_force = RulesInForce([schedule.workspace_id])
            health = ScheduleHealth.objects.filter(schedule_id=schedule_id).first()
            if health is None or not _is_to_be_paused(schedule, health, in_force):
                return False
            editing.pause(schedule_id, ACTOR, now, note=_note(health), reason=PauseReason.FAILURES)
            ScheduleHealth.objects.filter(schedule_id=schedule_id).update(hopeless_count=0)
            _report(schedule, health, in_force, now)
    except Refused:  # deleted meanwhile
        return False
    log.warning(
        "schedule.paused", schedule_id=schedule_id, code=health.code, failure_count=health.failure_count
    )
    return True


def _is_to_be_paused(schedule: Schedule, health: ScheduleHealth, in_force: RulesInForce) -> bool:
    rule = in_force.of(rules.AUTO_PAUSE, schedule.workspace_id, schedule.agent_id, schedule.id)
    return schedule.is_active and rule.is_on and health.hopeless_count >= rule.threshold


def _report(schedule: Schedule, health: ScheduleHealth, in_force: RulesInForce, now: datetime) -> None:
    """The pause takes the place of what was open about it."""
    if not in_force.of(rules.PAUSED, schedule.workspace_id, schedule.agent_id, schedule.id).is_on:
        return
    book = Book(now, Q(subject_id=schedule.id))
    name = schedule.display_name or schedule.expression
    about = About(schedule.workspace_id, Subject.SCHEDULE, schedule.id, name, schedule.agent_id)
    facts = {
        "schedule_id": schedule.id,
        "agent_id": schedule.agent_id,
        "failures_in_row": health.failure_count,
    }
    incident = book.report(rules.PAUSED, about, health.code, facts)
    book.absorb((rules.FAILING, rules.FLAPPING), schedule.id, incident)
    book.save()


def _note(health: ScheduleHealth) -> str:
    return f"{health.hopeless_count} failures in a row that repeating cannot mend ({health.code})"
