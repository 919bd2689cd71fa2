"""The history of one object, drawn from the journal: what was done to it in the console, over the API, by command."""

from typing import Any, Final

from django.db.models import Model
from django.http import HttpRequest

from schedules.actors import ActorKind
from schedules.admin import journal_cells as show
from schedules.database.keyset import page
from schedules.database.ulids import is_ulid
from schedules.models import JournalEntry

SHOWN: Final = 100
_COLUMNS: Final = (show.when, show.who, show.act, show.changes)


def history_of(row: Model, request: HttpRequest, limit: int = SHOWN) -> dict[str, Any]:
    """Its newest acts, or those older than `?after=`, as a table; who may not see the journal sees the own ones."""
    lines = JournalEntry.objects.filter(object_id=str(row.pk), object_type=row._meta.model_name)
    if not request.user.has_perm("schedules.view_journalentry", row):
        lines = lines.filter(actor_kind=ActorKind.USER, actor_id=str(request.user.pk))
    after = request.GET.get("after", "")
    is_position = is_ulid(after) and lines.filter(pk=after).exists()
    found = page(lines, lines, after if is_position else None, limit)
    return {
        "table": {
            "headers": [getattr(cell, "short_description", "") for cell in _COLUMNS],
            "rows": [[cell(line) for cell in _COLUMNS] for line in found.rows],
        },
        "older": found.next_after,
        "is_first": not is_position,
    }
