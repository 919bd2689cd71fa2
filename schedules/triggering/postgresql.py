"""The trigger in PostgreSQL's own words: lock and count on its schedule, add the run and its line in the journal.

One statement does it.

It adds nothing that the portable trigger would refuse; whatever it refuses, the portable trigger names.
"""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS

from schedules import journal
from schedules.database.clock import latest_plausible
from schedules.database.cursors import server_bound_cursor
from schedules.database.ulids import new_ulid
from schedules.holds.postgresql import IN_FORCE, IS_FREE
from schedules.models import Run

_ADD = """
WITH schedule AS (
    UPDATE schedules_schedule AS schedule SET manual_count = manual_count + 1
    WHERE id = %(schedule_id)s AND is_active
      AND {is_free}
    RETURNING schedule.id, agent_id, workspace_id, generation, agent_tag, manual_count,
        coalesce(nullif(display_name, ''), left(expression, 255)) AS name
), asked AS (
    SELECT {now} AS at
), run AS (
INSERT INTO schedules_run
    (id, schedule_id, agent_id, workspace_id, generation, trigger, manual_number, is_misfire, not_before, created_at,
     redispatch_at, agent_tag, linked_traceparent)
SELECT %(run_id)s, id, agent_id, workspace_id, generation, 'manual', manual_count, false,
    at + {delay}, at, at + {delay} + {redispatch_after}, agent_tag, %(traceparent)s
FROM schedule, asked
{unless_leapt}RETURNING {columns}
), line AS (
INSERT INTO schedules_journalentry
    (id, at, actor_kind, actor_id, actor_name, address, batch_id, workspace_id, agent_id, verb, object_type,
     object_id, object_name, changes)
SELECT run.id, at, %(actor_kind)s, %(actor_id)s, %(actor_name)s, %(address)s, %(batch_id)s, workspace_id, agent_id,
    'run_now', 'schedule', schedule.id, name, '{no_changes}'
FROM run, schedule, asked
)
SELECT {columns} FROM run
"""

_COLUMNS = ("id", "schedule_id", "generation", "not_before")
"""What is read back; the model reads the rest if somebody asks for it."""


def add(schedule_id: str, delay: timedelta, now: datetime | None, traceparent: str = "") -> Run | None:
    """A pending run that a person asked for, of an active schedule; None: there is none of this id.

    `now`: None is the database's clock; none is added while that has leapt.
    """
    values: dict[str, Any] = {
        "run_id": new_ulid(),
        "schedule_id": schedule_id,
        "traceparent": traceparent,
        **journal.actor_columns(),
    }
    values |= {"latest": latest_plausible()} if now is None else {"now": now}
    statement = _statement(delay, settings.ORQ.redispatch_seconds, now is not None)
    with server_bound_cursor(is_binary=True, is_prepared=True) as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
    return Run.from_db(DEFAULT_DB_ALIAS, _COLUMNS, row) if row is not None else None


@cache
def _statement(delay: timedelta, redispatch_seconds: float, is_now_given: bool) -> str:
    """What is the same for every trigger stands in the statement, where it costs nothing."""
    at = "%(now)s" if is_now_given else "statement_timestamp()"
    return _ADD.format(
        now=at,
        unless_leapt="" if is_now_given else "WHERE at <= %(latest)s\n",
        delay=_interval(delay.total_seconds()),
        redispatch_after=_interval(redispatch_seconds),
        columns=", ".join(_COLUMNS),
        no_changes="{}",
        is_free=IS_FREE.format(when=IN_FORCE.format(now=at)),
    )


def _interval(seconds: float) -> str:
    return f"interval '{seconds} seconds'"
