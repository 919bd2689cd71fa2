"""The trigger in PostgreSQL's own words: lock the schedule and add its run, in one statement.

It adds nothing that the portable trigger would refuse; whatever it refuses, the portable trigger names.
"""

from datetime import datetime, timedelta
from functools import cache
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
)
INSERT INTO schedules_run
    (id, schedule_id, generation, trigger, is_misfire, not_before, created_at, redispatch_at, agent_tag)
SELECT %(run_id)s, id, generation, 'manual', false, %(not_before)s, %(now)s, %(redispatch_at)s, agent_tag
FROM schedule
RETURNING {columns}
"""


def add(schedule_id: str, not_before: datetime, now: datetime) -> Run | None:
    """A pending run that a person asked for, of an active schedule; None: there is none of this id."""
    values: dict[str, Any] = {
        "run_id": new_ulid(),
        "schedule_id": schedule_id,
        "not_before": not_before,
        "now": now,
        "redispatch_at": not_before + timedelta(seconds=settings.ORQ.redispatch_seconds),
    }
    with server_bound_cursor() as cursor:
        cursor.execute(_ADD.format(columns=", ".join(_columns())), values)
        row = cursor.fetchone()
    return Run.from_db(connection.alias, _columns(), row) if row is not None else None


@cache
def _columns() -> list[str]:
    return [field.attname for field in Run._meta.concrete_fields]
