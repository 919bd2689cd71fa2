"""The page between an edit and its saving: what changes, which fire times go and come, and what to look at twice."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from difflib import unified_diff
from typing import Any, Final

from schedules import journal
from schedules.admin import cells, journal_cells
from schedules.admin.schedule_cells import words_of
from schedules.admin.schedule_form import Consequences
from schedules.database.clock import estimated_now
from schedules.models import Schedule
from schedules.previewing import Effect
from schedules.previewing.effect import LOOKED_AHEAD
from schedules.secrets import payloads

SHOWN_FIRES: Final = 8
MOST_LINES: Final = 80
_LINES: Final = {"agent_tag": "agent tag", "display_name": "name", "expression": "expression"}


def shown(before: Schedule | None, consequences: Consequences) -> dict[str, Any]:
    """The page's context but for the form; `before`: the stored schedule, None of a new one."""
    after, effect, now = consequences.after, consequences.effect, estimated_now()
    return {
        "words": words_of(after),
        "changes": list(_changes(before, consequences)) if before else [],
        "payload_diff": _payload_diff(before, after) if before and "payload" in consequences.changed else [],
        "warnings": consequences.warnings,
        "herd": consequences.herd,
        "next_fire": cells.moment_from(after.next_fire_at, now) if after.next_fire_at else None,
        "effect": effect,
        "fires": list(_fires(effect, now)) if effect else [],
        "days": LOOKED_AHEAD.days,
    }


def _changes(before: Schedule, consequences: Consequences) -> Iterator[tuple[str, str]]:
    after = consequences.after
    old = {name: getattr(before, name) for name in _LINES}
    new = {name: getattr(after, name) for name in _LINES}
    for name, change in journal.difference(old, new).items():
        yield _LINES[name], journal_cells.change_in_words(change)
    if "expression" in consequences.changed:
        yield "in words", f"{words_of(before)} → {words_of(after)}"
    if before.is_active != after.is_active:
        yield "activity", "paused → active" if after.is_active else "active → paused"
    for name in payloads.changed_secrets(before.payload, after.payload):
        yield name, "changed (secret)"


def _payload_diff(before: Schedule, after: Schedule) -> list[tuple[str, str]]:
    """Line by line: its mark (+, - or a blank), and the line."""
    old, new = (
        json.dumps(payloads.masked(each.payload), indent=2, ensure_ascii=False).splitlines()
        for each in (before, after)
    )
    lines = list(unified_diff(old, new, lineterm="", n=2))[2 : MOST_LINES + 2]
    return [(line[:1], line[1:]) for line in lines if not line.startswith("@@")]


def _fires(effect: Effect, now: datetime) -> Iterator[dict[str, Any]]:
    """The fire times that go and those that come."""
    yield _listed("Removed", "-", effect.removed, now)
    yield _listed("Added", "+", effect.added, now)


def _listed(title: str, mark: str, moments: Sequence[datetime], now: datetime) -> dict[str, Any]:
    return {
        "title": title,
        "mark": mark,
        "count": len(moments),
        "moments": [cells.moment_from(moment, now) for moment in moments[:SHOWN_FIRES]],
        "others": max(0, len(moments) - SHOWN_FIRES),
    }
