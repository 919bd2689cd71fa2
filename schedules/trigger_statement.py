"""The trigger in PostgreSQL's own words: lock the schedule and add its run, in one statement.

It adds nothing that the portable trigger would refuse; whatever it refuses, the portable trigger names.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from schedules.models import Run
from schedules.postgresql import server_bound_cursor
from schedules.ulids import new_ulid

_ADD = """
WITH schedule AS MATERIALIZED (
    SELECT id, generation, agent_tag FROM schedules_schedule WHERE id = %(schedule_id)s AND is_active
    FOR NO KEY UPDATE
), asked AS (
    SELECT coalesce(%(now)s, statement_timestamp()) AS at
)
INSERT INTO schedules_run
    (id, schedule_id, generation, trigger, is_misfire, not_before, created_at, redispatch_at, agent_tag)
SELECT %(run_id)s, id, generation, 'manual', false,
    at + %(delay)s, at, at + %(delay)s + %(redispatch_after)s, agent_tag
FROM schedule, asked
RETURNING {columns}
"""

_COLUMNS = ("id", "schedule_id", "generation", "not_before")
"""What is read back; the model reads the rest if somebody asks for it."""


def add(schedule_id: str, delay: timedelta, now: datetime | None) -> Run | None:
    """A pending run that a person asked for, of an active schedule; None: there is none of this id.

    `now`: None is the database's clock.
    """
    values: dict[str, Any] = {
        "run_id": new_ulid(),
        "schedule_id": schedule_id,
        "delay": delay,
        "now": now,
        "redispatch_after": timedelta(seconds=settings.ORQ.redispatch_seconds),
    }
    with server_bound_cursor(is_prepared=True) as cursor:
        cursor.execute(_ADD.format(columns=", ".join(_COLUMNS)), values)
        row = cursor.fetchone()
    return Run.from_db(connection.alias, _COLUMNS, row) if row is not None else None
