"""What fires next, and what runs now, where somebody may look."""

from datetime import datetime
from typing import Any, Final

from schedules.models import NextFire, Run, RunState
from schedules.overview.reach import Reach

MOST: Final = 20


def next_fires(reach: Reach, now: datetime) -> list[NextFire]:
    """The next twenty, each with its schedule and agent."""
    found: Any = NextFire.objects.filter(fire_time__gte=now).select_related("schedule__agent")
    if reach.workspaces is not None:
        found = found.filter(schedule__workspace__in=reach.workspaces)
    return list(found.defer("schedule__payload").order_by("fire_time")[:MOST])


def running_now(reach: Reach) -> list[Run]:
    """The newest twenty that run, each with its schedule and agent."""
    found: Any = Run.objects.filter(state=RunState.RUNNING).select_related("schedule__agent")
    if reach.workspaces is not None:
        found = found.filter(workspace__in=reach.workspaces)
    shown = ("id", "started_at", "attempt", "schedule__display_name", "schedule__expression")
    slim = found.only(*shown, "schedule__agent__key")
    return list(slim.order_by("-started_at")[:MOST])
