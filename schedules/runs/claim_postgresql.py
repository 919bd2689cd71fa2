"""The claim in PostgreSQL's own words: the usual one, which starts its run, is one statement and no transaction.

It starts nothing that the portable claim would refuse; whatever it refuses, the portable claim judges and names.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from django.db import connection
from django.db.models import DateTimeField

from schedules.database.clock import latest_plausible
from schedules.database.cursors import server_bound_cursor
from schedules.holds.postgresql import IN_FORCE, IS_FREE
from schedules.limits.calls_in_flight import FREE, default_limits
from schedules.models import Agent
from schedules.runs.claimed import Claimed, Occasion, links

_START = """
WITH asked AS (
    SELECT coalesce(%(now)s, statement_timestamp()) AS at
), seen AS MATERIALIZED (
    SELECT schedule_id, attempt, state, not_before, created_at, started_at IS NULL AS is_first, trace_id,
        CASE WHEN error_code = 'worker_stopped' THEN response_id ELSE '' END AS response_id,
        CASE WHEN attempt > 1 THEN (SELECT count(*) FROM schedules_runattempt AS earlier
            WHERE earlier.run_id = schedules_run.id AND earlier.outcome = 'stopped') ELSE 0 END AS stopped_count
    FROM schedules_run WHERE id = %(run_id)s
), schedule AS MATERIALIZED (
    SELECT * FROM schedules_schedule WHERE id = (SELECT schedule_id FROM seen) FOR NO KEY UPDATE
), slot AS MATERIALIZED (  -- asked for only where nothing else keeps the run from starting
    SELECT CASE WHEN limits.of_workspace IS NULL AND limits.of_agent IS NULL THEN 'free' ELSE schedules_free_slot(
        workspace.id, agent.id, limits.of_workspace, limits.of_agent, asked.at,
        %(is_workspace_exact)s, %(is_agent_exact)s) END AS state
    FROM asked, seen, schedule JOIN schedules_agent AS agent ON agent.id = schedule.agent_id
        JOIN schedules_workspace AS workspace ON workspace.id = agent.workspace_id
        CROSS JOIN LATERAL (SELECT
            nullif(coalesce(workspace.max_in_flight, %(workspace_default)s), 0) AS of_workspace,
            nullif(coalesce(agent.max_in_flight, %(agent_default)s), 0) AS of_agent
        ) AS limits
    WHERE seen.state = 'pending' AND seen.not_before <= asked.at
      AND schedule.generation = %(generation)s AND schedule.deleted_at IS NULL
      AND (schedule.is_active OR schedule.is_finished) AND agent.deleted_at IS NULL
      AND {is_free}
), started AS (  -- how long was waited, for an edit or for the run's own row, is read after the locks
    UPDATE schedules_run AS run
    SET state = 'running', worker = %(worker)s, lease_expires_at = asked.at + %(lease)s,
        started_at = coalesce(run.started_at, asked.at), attempt_started_at = asked.at,
        payload = coalesce(run.payload, schedule.payload),
        agent_tag = CASE WHEN seen.is_first THEN coalesce(schedule.agent_tag, (
            SELECT tag FROM schedules_agentversion AS version WHERE version.agent_id = agent.id AND version.is_active
        )) ELSE run.agent_tag END,
        max_attempts = agent.max_attempts + seen.stopped_count,
        agent_id = agent.id, workspace_id = agent.workspace_id,
        trace_id = %(trace_id)s, error_code = '', error_message = '', response_id = ''
    FROM asked, seen, slot, schedule JOIN schedules_agent AS agent ON agent.id = schedule.agent_id
    WHERE run.id = %(run_id)s  -- by that alone: || '' keeps a plan from reading the index of all pending runs
      AND run.attempt = seen.attempt AND run.state || '' = 'pending'
      AND run.not_before <= asked.at AND run.generation = %(generation)s
      AND slot.state = 'free'
      AND pg_catalog.clock_timestamp() - statement_timestamp() < %(patience)s
      AND asked.at <= %(latest)s  -- a clock that has leapt starts nothing
    RETURNING run.schedule_id, seen.is_first, run.attempt, run.agent_tag, run.payload::text, run.attempt_started_at,
        run.lease_expires_at, run.silent_count, schedule.display_name, run.fire_time, run.created_at, run.is_misfire,
        run.again_of <> '', seen.trace_id, run.linked_traceparent, row_to_json(agent)::text,
        seen.stopped_count, seen.response_id
), counted AS (
    UPDATE schedules_schedule AS schedule
    SET trigger_count = trigger_count + 1, last_triggered_at = asked.at
    FROM asked, started
    WHERE schedule.id = started.schedule_id AND started.is_first
)
SELECT slot.state, started.* FROM slot LEFT JOIN started ON true
"""

_STATEMENT: Final = _START.format(
    is_free=IS_FREE.format(when=f"({IN_FORCE.format(now='asked.at')} OR hold.began_at > seen.created_at)")
)

MOST_PATIENCE: Final = timedelta(seconds=1)
"""What was held while the statement waited for a lock is unknown to it; the portable claim looks anew."""

AGENTS = 200
"""Remembered as they were read last, sealed secrets and all: to read one anew takes longer than to claim a run."""

_NEAR = ("agent_near", "workspace_near")
"""No free slot is certain without counting alone."""


def start(
    run_id: str, generation: int, worker: str, now: datetime | None, lease: timedelta, trace_id: str = ""
) -> Claimed | str | None:
    """Start the run if it may start. A text: it waits for a slot, of its `agent` or its `workspace`.

    None: it may not start, or its schedule's lock was waited for too long. `now`: None is the database's clock as
    the statement reads it; nothing starts while that has leapt.
    """
    default = default_limits()
    values: dict[str, Any] = {
        "run_id": run_id,
        "generation": generation,
        "worker": worker,
        "now": now,
        "lease": lease,
        "patience": min(lease / 3, MOST_PATIENCE),
        "latest": latest_plausible() if now is None else now,
        "trace_id": trace_id,
        "workspace_default": default.workspace,
        "agent_default": default.agent,
        "is_workspace_exact": False,
        "is_agent_exact": False,
    }
    slot, row = _execute(values)
    while slot in _NEAR:  # twice at most: a lock is waited for, first of one, then of both
        values[f"is_{slot.removesuffix('_near')}_exact"] = True
        slot, row = _execute(values)
    if slot == FREE:
        return _claimed(values, row) if row[0] is not None else None
    return slot


def _execute(values: dict[str, Any]) -> tuple[str | None, Sequence[Any]]:
    """How it stands with the slot (None: that was not the question), and the started run's row, empty or not."""
    with server_bound_cursor(is_prepared=True) as cursor:
        cursor.execute(_STATEMENT, values)
        row = cursor.fetchone()
    return (row[0], row[1:]) if row is not None else (None, ())


def _claimed(asked: dict[str, Any], row: Sequence[Any]) -> Claimed:
    schedule_id, _, attempt, agent_tag, payload, started_at, lease_expires_at, silent_count, *rest = row
    (
        display_name,
        fire_time,
        created_at,
        is_misfire,
        is_again,
        trace_before,
        traceparent,
        agent,
        *handed_back,
    ) = rest
    return Claimed(
        asked["run_id"],
        attempt,
        schedule_id,
        agent_tag,
        json.loads(payload),
        asked["worker"],
        started_at,
        lease_expires_at,
        silent_count,
        asked["trace_id"],
        links(trace_before, traceparent),
        Occasion(display_name, asked["generation"], fire_time, created_at, is_misfire, is_again),
        _agent(agent),
        *handed_back,
    )


@lru_cache(maxsize=AGENTS)
def _agent(row: str) -> Agent:
    """The agent of a row as JSON; a change of the row makes another text, and so another agent."""
    columns = json.loads(row)
    fields = [field for field in Agent._meta.concrete_fields if not isinstance(field, DateTimeField)]
    values = [field.to_python(columns[field.column]) for field in fields]
    return Agent.from_db(connection.alias, [field.attname for field in fields], values)
