"""Schedules that fail in a way that repeating cannot mend are paused by the service, where that rule is on."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import structlog
from django.db import transaction
from django.db.models import Q

from schedules import editing
from schedules.alerts import rules
from schedules.alerts.book import About, Book
from schedules.errors import Refused
from schedules.models import PauseReason, ScheduleHealth, Subject

log = structlog.get_logger(__name__)

ACTOR: Final = "service"


def pause(schedule_ids: Iterable[str], now: datetime) -> int:
    """Pause those that are still active; how many."""
    return sum(_pause(schedule_id, now) for schedule_id in schedule_ids)


def _pause(schedule_id: str, now: datetime) -> bool:
    try:
        with transaction.atomic():
            schedule = editing.locked(schedule_id)
            health = ScheduleHealth.objects.filter(schedule_id=schedule_id).first()
            if not schedule.is_active or health is None:
                return False
            paused = editing.pause(schedule_id, ACTOR, now, note=_note(health), reason=PauseReason.FAILURES)
            book = Book(now, Q(subject_id=schedule_id))
            about = About(
                paused.workspace_id, Subject.SCHEDULE, schedule_id, paused.display_name or paused.expression,
                paused.agent_id,
            )  # fmt: skip
            facts = {
                "schedule_id": schedule_id,
                "agent_id": paused.agent_id,
                "failures_in_row": health.failure_count,
            }
            ScheduleHealth.objects.filter(schedule_id=schedule_id).update(hopeless_count=0)
            incident = book.see(rules.PAUSED, about, health.code, facts)
            book.absorb((rules.FAILING, rules.FLAPPING), schedule_id, incident)
            book.save()
    except Refused:  # deleted meanwhile
        return False
    log.warning(
        "schedule.paused", schedule_id=schedule_id, code=health.code, failure_count=health.failure_count
    )
    return True


def _note(health: ScheduleHealth) -> str:
    return f"{health.hopeless_count} failures in a row that repeating cannot mend ({health.code})"
