"""One line for each act and object, in the transaction of the act: there are both or neither."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from django.db.models import Model

from schedules import actors
from schedules.database.choice import is_postgresql
from schedules.database.clock import estimated_now
from schedules.database.ulids import new_ulid
from schedules.journal import postgresql
from schedules.models import Agent, JournalEntry, Schedule, Workspace

_batch: ContextVar[str] = ContextVar("batch", default="")


@contextmanager
def batch() -> Iterator[None]:
    """What is recorded inside the block was done at one go, and shares a batch id."""
    token = _batch.set(_batch.get() or new_ulid())
    try:
        yield
    finally:
        _batch.reset(token)


def record(verb: str, row: Model, changes: Mapping[str, Any] | None = None, **facts: Any) -> None:
    """Write down what was just done to the row; `facts` as for `record_act`."""
    record_act(
        verb,
        str(row._meta.model_name),
        str(row.pk),
        name_of(row),
        workspace_id=row.pk if isinstance(row, Workspace) else getattr(row, "workspace_id", None),
        agent_id=row.pk if isinstance(row, Agent) else getattr(row, "agent_id", None),
        changes=changes,
        **facts,
    )


def name_of(row: Model) -> str:
    """How people know the row; of a schedule without reading its agent."""
    return row.display_name or row.expression if isinstance(row, Schedule) else str(row)


def record_act(
    verb: str,
    object_type: str,
    object_id: str = "",
    object_name: str = "",
    *,
    workspace_id: UUID | None = None,
    agent_id: str | None = None,
    changes: Mapping[str, Any] | None = None,
    generation: int | None = None,
    revision: int | None = None,
    discarded_count: int | None = None,
    id_: str | None = None,
    actor: actors.Actor | None = None,
) -> None:
    """Write down what was just done to an object.

    `generation`, `revision`: which ones of a schedule this act made. `id_`: of the line, None for a new one.
    `actor`: who did it, None for whoever acts now.
    """
    values = {
        "id": id_ or new_ulid(),
        **actor_columns(actor),
        "workspace_id": workspace_id,
        "agent_id": agent_id,
        "verb": verb,
        "object_type": object_type,
        "object_id": object_id[:40],
        "object_name": object_name[:255],
        "generation": generation,
        "revision": revision,
        "discarded_count": discarded_count,
    }
    if is_postgresql():
        postgresql.insert(values | {"changes": json.dumps(changes or {})})
    else:
        JournalEntry.objects.create(**values, changes=changes or {}, at=estimated_now())


def actor_columns(actor: actors.Actor | None = None) -> dict[str, str]:
    """Who acts now, and in which batch, as columns of a line."""
    who = actor or actors.current()
    return {
        "actor_kind": who.kind.value,
        "actor_id": who.id[:40],
        "actor_name": who.name[:150],
        "address": who.address[:45],
        "batch_id": _batch.get(),
    }
