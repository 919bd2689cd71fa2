"""What of the journal somebody may read, in which time, and how a line is written down for them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import QuerySet

from schedules.actors import ActorKind
from schedules.database.ulids import lowest_ulid_at
from schedules.expressions.instants import rfc3339
from schedules.models import ApiKey, JournalEntry, Scope

Lines = QuerySet[JournalEntry]

CLOCKS_APART: Final = timedelta(hours=1)
"""An id has the time of the process that made it, `at` is the database's: no two clocks are further apart."""

_FEWEST: Final = frozenset({"_id", "at", "actor_kind", "verb", "object_type", "changes"})
"""What every line has; of the rest it says nothing rather than null or an empty text."""


def visible_to(key: ApiKey) -> Lines:
    """The lines of the key's workspace; for a key that may only read, those of its own acts.

    A key that is limited to some agents reads about these alone.
    """
    lines = JournalEntry.objects.filter(workspace_id=key.workspace_id)
    if not Scope(key.scope).includes(Scope.TRIGGER):
        lines = lines.filter(actor_kind=ActorKind.KEY, actor_id=key.id)
    return lines if key.agent_ids is None else lines.filter(agent_id__in=key.agent_ids)


def between(lines: Lines, since: datetime | None, until: datetime | None) -> Lines:
    """Those from `since` on and before `until` (None: no bound), found by their ids, which are indexed."""
    if since is not None:
        lines = lines.filter(id__gte=lowest_ulid_at(since - CLOCKS_APART), at__gte=since)
    if until is not None:
        lines = lines.filter(id__lt=lowest_ulid_at(until + CLOCKS_APART), at__lt=until)
    return lines


def oldest_first(lines: Lines, chunk: int = 1000) -> Iterator[JournalEntry]:
    """All of them, never more than a chunk in memory, in short statements: no transaction stays open."""
    last = ""
    while rows := list(lines.filter(id__gt=last).order_by("id")[:chunk]):
        yield from rows
        last = rows[-1].id


def as_document(line: JournalEntry) -> dict[str, Any]:
    """The line as the API and the export write it."""
    document = {
        "_id": line.id,
        "at": rfc3339(line.at),
        "actor_kind": line.actor_kind,
        "actor_id": line.actor_id,
        "actor_name": line.actor_name,
        "address": line.address,
        "workspace_id": None if line.workspace_id is None else str(line.workspace_id),
        "agent_id": line.agent_id,
        "verb": line.verb,
        "object_type": line.object_type,
        "object_id": line.object_id,
        "object_name": line.object_name,
        "changes": line.changes,
        "generation": line.generation,
        "revision": line.revision,
        "discarded_count": line.discarded_count,
        "batch_id": line.batch_id,
    }
    return {name: value for name, value in document.items() if name in _FEWEST or value not in (None, "")}
