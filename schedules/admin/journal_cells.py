"""What is shown of a line of the journal: who, what, to which object, and what it was before and is now."""

import json
from collections.abc import Iterable
from typing import Any, Final

from django.apps import apps
from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from schedules import journal
from schedules.actors import ActorKind
from schedules.admin import cells
from schedules.database.clock import estimated_now
from schedules.models import JournalEntry

MOST_CHANGES: Final = 4
"""Fields shown in a list; the line's own page has all."""

MOST_CHARACTERS: Final = 80
"""Of a value in a list."""

KINDS: Final = {
    ActorKind.USER: "console user",
    ActorKind.KEY: "API key",
    ActorKind.COMMAND: "command",
    ActorKind.SERVICE: "the service itself",
    ActorKind.NOBODY: "not logged in",
}
OBJECTS: Final = {
    "schedule": "schedule",
    "run": "run",
    "agent": "agent",
    "apikey": "API key",
    "workspace": "workspace",
    "webhook": "endpoint",
    "delivery": "message",
    "user": "user",
    "group": "group",
    "periodictask": "housekeeping task",
    "intervalschedule": "interval",
    "crontabschedule": "crontab",
    "secrets": "stored secrets",
}
"""By type: what people call it."""


@admin.display(description="When")
def when(line: JournalEntry) -> str:
    """From now, and on the clock."""
    return cells.instant(line.at, estimated_now())


@admin.display(description="Who")
def who(line: JournalEntry) -> str:
    """The name, then what sort of actor it is and where it came from."""
    kind = KINDS[ActorKind(line.actor_kind)]
    origin = ", ".join(part for part in (kind, line.address) if part)
    return cells.two_lines(line.actor_name or "somebody", origin)


@admin.display(description="Act")
def act(line: JournalEntry) -> str:
    """The verb in words."""
    return cells.one_line(journal.VERBS.get(line.verb, line.verb).partition(":")[0].partition(",")[0])


@admin.display(description="Object")
def what(line: JournalEntry) -> str:
    """What it was done to, linked, under the name it had then."""
    name = line.object_name or line.object_id or "–"
    kind = OBJECTS.get(line.object_type, line.object_type)
    address = _page_of(line)
    return cells.two_lines(cells.link(address, name) if address else name, kind, title=name)


def _page_of(line: JournalEntry) -> str:
    """Where its page is; none of what has no page, or is gone."""
    if line.verb == "delete" or not line.object_id:
        return ""
    models = [model for model in apps.get_models() if model._meta.model_name == line.object_type]
    return next(
        (
            reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=(line.object_id,))
            for model in models
            if admin.site.is_registered(model)
        ),
        "",
    )


@admin.display(description="Changes")
def changes(line: JournalEntry) -> str:
    """Field by field, old → new, shortened."""
    fields = list(line.changes.items())
    rest = len(fields) - MOST_CHANGES
    more = [("", f"… and {rest} more")] if rest > 0 else []
    return _listed([*_in_words(fields[:MOST_CHANGES], MOST_CHARACTERS), *_consequences(line), *more])


@admin.display(description="Changes")
def all_changes(line: JournalEntry) -> str:
    """Field by field, old → new."""
    return _listed([*_in_words(line.changes.items(), cells.SHOWN_CHARACTERS), *_consequences(line)])


def in_words(line: JournalEntry) -> str:
    """The same as `changes`, in one line of plain text."""
    fields = _in_words(list(line.changes.items())[:MOST_CHANGES], MOST_CHARACTERS)
    return "; ".join(f"{name} {change}" for name, change in fields)


def _listed(rows: list[tuple[str, str]]) -> SafeString | str:
    if not rows:
        return cells.NOTHING
    row = '<div class="console-change"><span class="font-medium">{}</span> {}</div>'
    return format_html("<div>{}</div>", format_html_join("", row, rows))


def _in_words(fields: Iterable[tuple[str, Any]], most: int) -> list[tuple[str, str]]:
    return [(name.replace("_", " "), _change(change, most)) for name, change in fields]


def change_in_words(change: Any) -> str:
    """One field's change: `old → new`."""
    return _change(change, cells.SHOWN_CHARACTERS)


def _change(change: Any, most: int) -> str:
    if not isinstance(change, dict):
        return "changed (secret)"
    if "old" not in change:
        return _value(change.get("new"), most)
    if "new" not in change:
        return f"{_value(change['old'], most)} → removed"
    return f"{_value(change['old'], most)} → {_value(change['new'], most)}"


def _value(value: Any, most: int) -> str:
    match value:
        case None | "":
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case str():
            text = value
        case {"length": int(length), "sha256": str(digest), **rest} if not rest:
            return f"{length:,} bytes, SHA-256 {digest[:12]}…"
        case _:
            text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _consequences(line: JournalEntry) -> list[tuple[str, str]]:
    """What else came of it."""
    rows = [("generation", str(line.generation))] if line.generation is not None else []
    if line.discarded_count:
        runs = "run" if line.discarded_count == 1 else "runs"
        rows.append(("discarded", f"{line.discarded_count:,} pending {runs}"))
    return rows


@admin.display(description="Workspace")
def workspace(line: JournalEntry) -> str:
    """Its id, linked."""
    if line.workspace_id is None:
        return "none: it is about the service as a whole"
    address = reverse("admin:schedules_workspace_change", args=(line.workspace_id,))
    return cells.link(address, str(line.workspace_id))


@admin.display(description="Done together")
def together(line: JournalEntry) -> str:
    """What it shares with the other acts that were done at one go."""
    return cells.code(line.batch_id) if line.batch_id else cells.NOTHING


@admin.display(description="Object id")
def object_id(line: JournalEntry) -> str:
    """To search for."""
    return cells.code(line.object_id) if line.object_id else cells.NOTHING


@admin.display(description="Actor id")
def actor_id(line: JournalEntry) -> str:
    """Of the user or the key, to search for."""
    return cells.code(line.actor_id) if line.actor_id else cells.NOTHING
