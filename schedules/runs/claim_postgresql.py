"""The claim in PostgreSQL's own words: the usual one, which starts its run, is one statement and no transaction.

It starts nothing that the portable claim would refuse; whatever it refuses, the portable claim judges and names.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Field

from schedules.database.cursors import server_bound_cursor
from schedules.models import Agent
from schedules.runs.claimed import Claimed

_START = """
WITH asked AS (
    SELECT coalesce(%(now)s, statement_timestamp()) AS at
), seen AS MATERIALIZED (
    SELECT schedule_id, attempt, started_at IS NULL AS is_first FROM schedules_run WHERE id = %(run_id)s
), schedule AS MATERIALIZED (
    SELECT * FROM schedules_schedule WHERE id = (SELECT schedule_id FROM seen) FOR NO KEY UPDATE
), started AS (  -- how long was waited, for an edit or for the run's own row, is read after the locks
    UPDATE schedules_run AS run
    SET state = 'running', worker = %(worker)s, lease_expires_at = asked.at + %(lease)s,
        started_at = coalesce(run.started_at, asked.at),
        payload = coalesce(run.payload, schedule.payload),
        agent_tag = CASE WHEN seen.is_first THEN schedule.agent_tag ELSE run.agent_tag END,
        max_attempts = agent.max_attempts
    FROM asked, seen, schedule JOIN schedules_agent AS agent ON agent.id = schedule.agent_id
    WHERE run.id = %(run_id)s  -- by that alone: || '' keeps a plan from reading the index of all pending runs
      AND run.attempt = seen.attempt AND run.state || '' = 'pending'
      AND run.not_before <= asked.at AND run.generation = %(generation)s
      AND schedule.generation = %(generation)s AND schedule.deleted_at IS NULL
      AND (schedule.is_active OR schedule.is_finished)
      AND pg_catalog.clock_timestamp() - statement_timestamp() < %(patience)s
    RETURNING run.attempt, run.schedule_id, run.agent_tag, run.payload::text, run.lease_expires_at, seen.is_first,
        {agent_columns}
), counted AS (
    UPDATE schedules_schedule AS schedule
    SET trigger_count = trigger_count + 1, last_triggered_at = asked.at
    FROM asked, started
    WHERE schedule.id = started.schedule_id AND started.is_first
)
SELECT * FROM started
"""


def start(
    run_id: str, generation: int, worker: str, now: datetime | None, lease: timedelta
) -> Claimed | None:
    """Start the run if it may start; None: it may not, or its schedule's lock was waited for too long.

    `now`: None is the database's clock as the statement reads it.
    """
    values: dict[str, Any] = {
        "run_id": run_id,
        "generation": generation,
        "worker": worker,
        "now": now,
        "lease": lease,
        "patience": lease / 3,
    }
    with server_bound_cursor(is_prepared=True) as cursor:
        cursor.execute(_statement(), values)
        row = cursor.fetchone()
    return _claimed(run_id, row) if row is not None else None


def _claimed(run_id: str, row: Sequence[Any]) -> Claimed:
    attempt, schedule_id, agent_tag, payload, lease_expires_at, _, *columns = row
    agent = Agent.from_db(connection.alias, [field.attname for field in _agent_fields()], columns)
    return Claimed(run_id, attempt, schedule_id, agent_tag, json.loads(payload), lease_expires_at, agent)


@cache
def _statement() -> str:
    return _START.format(agent_columns=", ".join(f"agent.{field.column}" for field in _agent_fields()))


def _agent_fields() -> "Sequence[Field[Any, Any]]":
    return Agent._meta.concrete_fields
