"""How many schedules fire at one instant: each of them waits for the others."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from schedules.models import NextFire, Schedule

HERD: Final = 20
"""From so many others on, another second or minute is worth a thought."""

MOST_COUNTED: Final = 5_000


@dataclass(frozen=True, slots=True)
class Herd:
    """How many others there are; with `is_at_least` there may be more."""

    at: datetime
    count: int
    is_at_least: bool

    @property
    def is_large(self) -> bool:
        """Whether a person should be told."""
        return self.count >= HERD

    def __str__(self) -> str:
        if not self.count:
            return "no other schedule of the workspace fires at that instant"
        others = "1 other schedule" if self.count == 1 else f"{self.count:,} other schedules"
        verb = "fires" if self.count == 1 else "fire"
        return f"{'at least ' if self.is_at_least else ''}{others} of the workspace {verb} at that instant"


def herd_at(at: datetime, workspace_id: UUID, except_id: str = "") -> Herd:
    """The schedules of a workspace whose next fire time this is, but for one; at most MOST_COUNTED are looked at."""
    looked_at = list(
        NextFire.objects.filter(fire_time=at).values_list("schedule_id", flat=True)[:MOST_COUNTED]
    )
    others = Schedule.objects.filter(pk__in=looked_at, workspace=workspace_id).exclude(pk=except_id)
    return Herd(at, others.count() if looked_at else 0, len(looked_at) == MOST_COUNTED)
