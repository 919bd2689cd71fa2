"""What lists and pages show of pauses and holds."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.contrib.admin import display
from django.db.models import Model
from django.utils.html import format_html
from django.utils.safestring import SafeString

from schedules import holds, lengths
from schedules.admin import cells
from schedules.database.clock import recent_now
from schedules.expressions.instants import for_people
from schedules.holds import Pause
from schedules.models import Agent, Hold, Schedule

_REMEMBERED: Final = "_shown_hold"


def remember(rows: Iterable[Model]) -> None:
    """Read the holds of all of these agents, or workspaces, at one go."""
    in_force = holds.in_force(recent_now())
    for row in rows:
        setattr(row, _REMEMBERED, next((hold for hold in in_force if _reaches(hold, row)), None))


def _reaches(hold: Hold, row: Any) -> bool:
    if isinstance(row, Agent):
        return hold.reaches(row.workspace_id, row.id)
    return hold.agent_id is None and hold.workspace_id in (None, row.pk)


def hold_on(row: Model) -> Hold | None:
    """The widest hold in force that stops all of it."""
    if not hasattr(row, _REMEMBERED):
        remember([row])
    found: Hold | None = getattr(row, _REMEMBERED)
    return found


@display(description="State")
def state(row: Model) -> str:
    """Whether it is held; why, by whom and until when is the title."""
    hold = hold_on(row)
    if hold is None:
        return cells.NOTHING
    return titled(cells.badge("held", "warning"), str(holds.pause_of_hold(hold)))


@display(description="Pause")
def hold_words(row: Model) -> str:
    """What holds it, in words."""
    hold = hold_on(row)
    return str(holds.pause_of_hold(hold)) if hold is not None else "not held"


@display(description="Pause")
def pause_words(schedule: Schedule) -> str:
    """Why the schedule is paused, in words."""
    pause = holds.pause_of(schedule)
    return str(pause) if pause is not None else "not paused"


def state_words(schedule: Schedule, now: datetime) -> str:
    """How it stands, why it does not fire, and what makes it go on."""
    if schedule.deleted_at is not None:
        return f"Deleted {for_people(schedule.deleted_at)}: only its history is left"
    if schedule.is_finished:
        return "Finished: its last fire time is over. Another expression makes it fire again"
    pause = holds.pause_of(schedule)
    if pause is not None:
        return f"{str(pause).capitalize()}{_since(pause, now)}. {_what_resumes(pause)}"
    if schedule.is_held_back:
        return "Suspended: its next fire cannot be computed. An edit of its expression mends that"
    return "Active"


def _since(pause: Pause, now: datetime) -> str:
    return (
        f", since {for_people(pause.since_at)} ({lengths.relative(pause.since_at, now)})"
        if pause.since_at
        else ""
    )


def _what_resumes(pause: Pause) -> str:
    if pause.until_at is not None:
        return "It goes on by itself then, or when somebody ends it before"
    return f"It goes on when somebody {'lifts that hold' if pause.is_hold else 'resumes it'}"


def titled(cell: str, title: str) -> SafeString:
    """The cell with a text that is shown on hover."""
    return format_html('<span title="{}">{}</span>', title, cell)
