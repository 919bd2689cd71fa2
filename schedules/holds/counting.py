"""How much a hold stops, for whoever is about to make or lift one."""

from typing import NamedTuple
from uuid import UUID

from schedules.holds.acts import Reach
from schedules.lengths import several
from schedules.models import Run, RunState, Schedule


class Stopped(NamedTuple):
    """Active schedules, runs that wait, and calls in flight, which a hold lets finish."""

    schedule_count: int
    waiting_count: int
    running_count: int

    def __str__(self) -> str:
        return (
            f"{several(self.schedule_count, 'active schedule')}, {several(self.waiting_count, 'waiting run')} "
            f"(calls in flight: {self.running_count:,})"
        )


def count_stopped(reach: Reach) -> Stopped:
    """What there is of it now."""
    owner: dict[str, UUID | str] = {}
    if reach.workspace is not None:
        owner["workspace"] = reach.workspace.pk
    if reach.agent is not None:
        owner["agent"] = reach.agent.pk
    runs = Run.objects.order_by().filter(**owner)
    return Stopped(
        Schedule.objects.order_by().filter(is_active=True, **owner).count(),
        runs.filter(state=RunState.PENDING).count(),
        runs.filter(state=RunState.RUNNING).count(),
    )
