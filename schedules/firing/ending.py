"""What becomes of a schedule after its due fire times: its next one, or its end. On any database."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from schedules import journal
from schedules.models import NextFire, Schedule


def ours_to_finish(schedule_ids: Sequence[str]) -> set[str]:
    """Lock these schedules, which end with this firing; the ids of those that nobody else has locked.

    A beat that waited for the others would keep next fires locked that an edit waits for.
    """
    if not schedule_ids:
        return set()
    rows = Schedule.objects.filter(id__in=schedule_ids).select_for_update(skip_locked=True, no_key=True)
    return set(rows.values_list("id", flat=True))


def finish(lines: Mapping[str, str]) -> None:
    """Their last fire time is over. By id of the schedule: the id of the journal's line about it."""
    if not lines:
        return
    NextFire.objects.filter(schedule_id__in=lines).delete()
    Schedule.objects.filter(id__in=lines).update(is_active=False, is_finished=True)
    for schedule in Schedule.objects.filter(id__in=lines).defer("payload"):
        journal.record("finish", schedule, id_=lines[schedule.id])


def advance(fire_times: Mapping[str, datetime]) -> None:
    """By id of the schedule: when it fires next. One UPDATE per distinct fire time: in a herd they are few."""
    by_next: dict[datetime, list[str]] = {}
    for schedule_id, fire_time in fire_times.items():
        by_next.setdefault(fire_time, []).append(schedule_id)
    for fire_time, ids in by_next.items():
        NextFire.objects.filter(schedule_id__in=ids).update(fire_time=fire_time, suspended_until=None)
