"""Holds: one row stops an agent, a workspace or everything; when it is lifted, what it stopped goes on.

No schedule, phase or generation changes: firing, triggering and claims look at the rows.
"""

from schedules.holds.acts import Reach, close_over, hold, note_drained, release, require_to_come
from schedules.holds.looking import (
    in_force,
    is_held,
    next_fire_under,
    of_agents,
    of_schedule,
    of_workspace,
    remember,
    remember_none,
    stopping,
)
from schedules.holds.pauses import Pause, is_shown_active, own_pause, pause_of, pause_of_hold

__all__ = [
    "Pause",
    "Reach",
    "close_over",
    "hold",
    "in_force",
    "is_held",
    "is_shown_active",
    "next_fire_under",
    "note_drained",
    "of_agents",
    "of_schedule",
    "of_workspace",
    "own_pause",
    "pause_of",
    "pause_of_hold",
    "release",
    "remember",
    "remember_none",
    "require_to_come",
    "stopping",
]
