"""What beats do about pauses: those whose time is over end, and what a hold found waiting is discarded.

A few at a time, so that no beat is kept from firing.
"""

from datetime import datetime
from typing import Final

import structlog
from django.db import transaction

from schedules import editing, holds
from schedules.alerts import resumption
from schedules.errors import Refused
from schedules.models import Schedule
from schedules.runs.held import discard_held

log = structlog.get_logger(__name__)

BATCH: Final = 50
ACTOR: Final = "service"
"""Who signs what ends by itself."""


def attend(now: datetime) -> None:
    """One look. Where nothing is paused until some time, and nothing held: three statements that find nothing."""
    holds.close_over(now)
    discard_held(now)
    _resume(now)


def _resume(now: datetime) -> None:
    over = Schedule.objects.live().filter(paused_until__lte=now, is_active=False).order_by("paused_until")
    for schedule_id in list(over.values_list("id", flat=True)[:BATCH]):
        try:
            with transaction.atomic():
                is_resumed = editing.resume_when_over(schedule_id, ACTOR, now)
                if is_resumed:
                    resumption.tell(schedule_id, now)
        except Refused:  # another beat, or a person, was quicker
            continue
        if is_resumed:
            log.info("schedule.resumed", schedule_id=schedule_id)
        else:
            log.info("schedule.not_resumed", schedule_id=schedule_id)
