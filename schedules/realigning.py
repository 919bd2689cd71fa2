"""A clock that leapt ahead, was believed and is then set back: what was put into a time that is not comes back.

The beat that believes a leap writes it down. As long as it is a time between the two of a leap, the clock has been
set back: schedules that were fired or begun beyond it begin again now, with a new generation, and what waits for the
wrong time waits no longer. A clock that merely steps back mends nothing: what has fired would fire again.
"""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Least

from schedules import editing
from schedules.database import clock
from schedules.database.trusted_time import LEAP
from schedules.errors import ScheduleNotFound
from schedules.models import ClockLeap, NextFire, Run, RunState, Schedule, ScheduleType
from schedules.models.next_fire import NextFireQuerySet

log = structlog.get_logger(__name__)

BATCH: Final = 200
POISON_PAUSE: Final = timedelta(minutes=10)
"""How long a schedule is suspended whose cadence cannot be computed."""

ACTOR: Final = "service"
"""Who signs the new beginning of these schedules."""


def note_accepted_leaps() -> None:
    """Write down the leaps that this process has come to believe. Without any: no statement."""
    leaps = clock.accepted_leaps()
    while leaps:
        ClockLeap.objects.create(left_at=leaps[0].left_at, reached_at=leaps[0].reached_at)
        leaps.popleft()


def realign(now: datetime) -> int:
    """Begin some schedules again whose next fire a wrong clock has put too far ahead; how many."""
    leap = ClockLeap.objects.undone(now).first()
    if leap is None:
        return 0
    ids = list(_led_astray(leap, now).values_list("schedule_id", flat=True)[:BATCH])
    begun = sum(_begin_again(schedule_id, now) for schedule_id in ids)
    if not ids:
        _release(leap, now)
        ClockLeap.objects.filter(id=leap.id).update(mended_at=now)
    log.warning("clock.leap_undone", schedule_count=begun, is_done=not ids)
    return begun


def _led_astray(leap: ClockLeap, now: datetime) -> NextFireQuerySet:
    """Fired for instants to come, or begun at a time to come. What fires once has fired, or waits for its instant."""
    fired_ahead = Run.objects.filter(
        schedule=OuterRef("schedule"), generation=OuterRef("generation"), fire_time__gt=now + LEAP
    )
    begun_ahead = Q(anchor_at__gte=leap.reached_at)
    recurring = NextFire.objects.exclude(type=ScheduleType.ONCE).filter(suspended_until=None)
    return recurring.filter(begun_ahead | Exists(fired_ahead)).order_by("schedule_id")


def _begin_again(schedule_id: str, now: datetime) -> bool:
    try:
        schedule = Schedule.objects.get(id=schedule_id)
        editing.restart(schedule_id, ACTOR, _beginning(schedule, now), now)
    except (Schedule.DoesNotExist, ScheduleNotFound):
        return False
    except Exception as error:  # one schedule whose cadence fails must keep no other from beginning again
        log.error("schedule.cadence_failed", schedule_id=schedule_id, exc_info=error)
        NextFire.objects.filter(schedule_id=schedule_id).update(suspended_until=now + POISON_PAUSE)
        return False
    return True


def _beginning(schedule: Schedule, now: datetime) -> datetime:
    """Where the cadence begins again: in step with what it was, and after instants that have had their run."""
    fired = set(
        Run.objects.filter(schedule=schedule, generation=schedule.generation, fire_time__gt=now).values_list(
            "fire_time", flat=True
        )
    )
    cadence, began_at = schedule.cadence, _last_instant(schedule, now)
    following = cadence.next_after(began_at)
    while following is not None and following in fired:
        began_at, following = following, cadence.next_after(following)
    return began_at


def _last_instant(schedule: Schedule, now: datetime) -> datetime:
    """An interval counts from its beginning: it begins again with its newest instant."""
    if schedule.type != ScheduleType.INTERVAL or schedule.anchor_at >= now:
        return now
    first = schedule.cadence.next_after(schedule.anchor_at)
    return schedule.cadence.overdue(first, now).newest if first and first <= now else now


def _release(leap: ClockLeap, now: datetime) -> None:
    """Runs that wait for a time that is not wait for now, and leases until then end as soon as nobody renews them."""
    ahead = leap.reached_at
    waiting = Run.objects.pending().filter(redispatch_at__gte=ahead)
    waiting.update(redispatch_at=now, not_before=Least(F("not_before"), now), redispatch_count=0)
    Run.objects.filter(state=RunState.RUNNING, lease_expires_at__gte=ahead).update(
        lease_expires_at=now + LEAP
    )
    NextFire.objects.filter(suspended_until__gte=ahead).update(suspended_until=None)
