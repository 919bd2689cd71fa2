"""Finding a schedule in PostgreSQL's own words: most requests begin so, and composing the query takes longer than it.

It finds what the portable query of lookups.py finds; the same tests hold both.
"""

import json
from functools import cache
from uuid import UUID

from django.db import connection

from schedules import holds
from schedules.database.cursors import server_bound_cursor
from schedules.models import Agent, NextFire, Schedule, remember_next_fire

_FIND = """
SELECT {columns}, agent.key, next_fire.fire_time, next_fire.suspended_until,
    EXISTS (SELECT FROM schedules_hold WHERE is_watched)
FROM schedules_schedule AS schedule JOIN schedules_agent AS agent ON agent.id = schedule.agent_id
LEFT JOIN schedules_nextfire AS next_fire ON next_fire.schedule_id = schedule.id
WHERE schedule.id = %s AND schedule.deleted_at IS NULL AND agent.workspace_id = %s AND agent.key = %s
  AND agent.deleted_at IS NULL
"""
_OF_NEXT = ("schedule_id", "fire_time", "suspended_until")


def find(workspace_id: UUID, agent_key: str, schedule_id: str) -> Schedule | None:
    """The live schedule of that agent, with its next fire; of the agent no more than workspace and key is loaded."""
    with server_bound_cursor(is_prepared=True) as cursor:
        cursor.execute(_statement(), (schedule_id, workspace_id, agent_key))
        row = cursor.fetchone()
    if row is None:
        return None
    *values, key, fire_time, suspended_until, is_anything_held = row
    schedule = Schedule.from_db(connection.alias, _names(), values)
    schedule.payload = json.loads(schedule.payload)  # Django has psycopg leave JSON as text
    schedule.agent = Agent.from_db(
        connection.alias, ("id", "workspace_id", "key"), (schedule.agent_id, workspace_id, key)
    )
    has_next = fire_time is not None
    next_fire = (schedule_id, fire_time, suspended_until)
    remember_next_fire(
        schedule, NextFire.from_db(connection.alias, _OF_NEXT, next_fire) if has_next else None
    )
    if not is_anything_held:
        holds.remember_none(schedule)
    return schedule


@cache
def _statement() -> str:
    columns = (f"schedule.{field.column}" for field in Schedule._meta.concrete_fields)
    return _FIND.format(columns=", ".join(columns))


@cache
def _names() -> list[str]:
    return [field.attname for field in Schedule._meta.concrete_fields]
