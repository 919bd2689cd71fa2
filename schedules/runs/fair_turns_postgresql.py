"""The portable `fair_turns.next_runs`, and taking them, in PostgreSQL's own words: one statement, whatever waits."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from schedules.database.cursors import server_bound_cursor
from schedules.limits.calls_in_flight import default_limits
from schedules.messages.dispatch import RunKey
from schedules.runs.fair_turns import MOST_DOUBLINGS, NONE_ENDED

# 1. owner: each agent that has pending runs, by steps from one to the next in the index run_waiting.
# 2. taken: its calls in flight, and its messages under way; of its workspace the sum.
# 3. candidate: of each, as many due runs as it has free slots, the oldest first.
# 4. chosen: workspaces take turns. What is stale is left to the caller.
_TAKE = """
WITH RECURSIVE pending(workspace_id, agent_id) AS (
    (SELECT workspace_id, agent_id FROM schedules_run
     WHERE state = 'pending' AND workspace_id IS NOT NULL AND agent_id IS NOT NULL
     ORDER BY workspace_id, agent_id LIMIT 1)
    UNION ALL
    SELECT following.workspace_id, following.agent_id FROM pending, LATERAL (
        SELECT workspace_id, agent_id FROM schedules_run AS run
        WHERE state = 'pending' AND (run.workspace_id, run.agent_id) > (pending.workspace_id, pending.agent_id)
        ORDER BY workspace_id, agent_id LIMIT 1
    ) AS following
), owner AS MATERIALIZED (
    SELECT pending.workspace_id, pending.agent_id,
        nullif(coalesce(workspace.max_in_flight, %(workspace_default)s), 0) AS workspace_limit,
        nullif(coalesce(agent.max_in_flight, %(agent_default)s), 0) AS agent_limit,
        (SELECT count(*) FROM (
            SELECT FROM schedules_run AS run
            WHERE run.state = 'pending'
              AND run.workspace_id = pending.workspace_id AND run.agent_id = pending.agent_id
              AND run.redispatch_at > %(now)s AND run.redispatch_at <= %(latest)s AND run.not_before <= %(now)s
            ORDER BY run.redispatch_at
            LIMIT %(limit)s
        ) AS message)
            - coalesce((
                SELECT count FROM unnest(%(ended_agents)s::text[], %(ended_counts)s::int[]) AS ended(id, count)
                WHERE ended.id = pending.agent_id
            ), 0) AS under_way  -- some go ahead of what is free
    FROM pending JOIN schedules_agent AS agent ON agent.id = pending.agent_id
        JOIN schedules_workspace AS workspace ON workspace.id = pending.workspace_id
    WHERE (  -- the order keeps a plan from reading the table in hope of an early hit
        SELECT true FROM schedules_run AS run
        WHERE run.state = 'pending' AND run.workspace_id = pending.workspace_id AND run.agent_id = pending.agent_id
          AND run.redispatch_at <= %(now)s
        ORDER BY run.redispatch_at LIMIT 1
    )
), running AS MATERIALIZED (
    SELECT workspace_id, agent_id, count(*) AS in_flight FROM schedules_run
    WHERE state = 'running' AND lease_expires_at > %(now)s
      AND workspace_id IN (SELECT workspace_id FROM owner WHERE coalesce(workspace_limit, agent_limit) IS NOT NULL)
    GROUP BY workspace_id, agent_id
), taken AS MATERIALIZED (
    SELECT owner.*,
        owner.under_way + coalesce(running.in_flight, 0) AS of_agent,
        ((SELECT coalesce(sum(in_flight), 0) FROM running WHERE running.workspace_id = owner.workspace_id)
            + sum(owner.under_way) OVER (PARTITION BY owner.workspace_id))::bigint AS of_workspace
    FROM owner LEFT JOIN running USING (workspace_id, agent_id)
), candidate AS MATERIALIZED (
    SELECT due.id, due.redispatch_at, taken.workspace_id, workspace_limit - of_workspace AS free_in_workspace
    FROM taken, LATERAL (
        SELECT id, redispatch_at FROM schedules_run AS run
        WHERE run.state = 'pending' AND run.workspace_id = taken.workspace_id AND run.agent_id = taken.agent_id
          AND run.redispatch_at <= %(now)s
        ORDER BY redispatch_at
        LIMIT greatest(0, least(%(limit)s, workspace_limit - of_workspace, agent_limit - of_agent))
        FOR NO KEY UPDATE SKIP LOCKED
    ) AS due
    UNION ALL
    SELECT * FROM (  -- of an old process: nobody knows its owner without its schedule
        SELECT id, redispatch_at, workspace_id, NULL::bigint FROM schedules_run
        WHERE state = 'pending' AND (workspace_id IS NULL OR agent_id IS NULL) AND redispatch_at <= %(now)s
        LIMIT %(limit)s
        FOR NO KEY UPDATE SKIP LOCKED
    ) AS unowned
), chosen AS MATERIALIZED (
    SELECT id, row_number() OVER (ORDER BY turn, redispatch_at, id) AS place FROM (
        SELECT *, row_number() OVER (PARTITION BY workspace_id ORDER BY redispatch_at, id) AS turn FROM candidate
    ) AS in_turns
    WHERE free_in_workspace IS NULL OR turn <= free_in_workspace
    ORDER BY place
    LIMIT %(limit)s
), judged AS MATERIALIZED (
    SELECT run.id, place, run.generation = schedule.generation AND schedule.deleted_at IS NULL
        AND (schedule.is_active OR schedule.is_finished) AND agent.deleted_at IS NULL AS may_start
    FROM chosen JOIN schedules_run AS run USING (id)
        JOIN schedules_schedule AS schedule ON schedule.id = run.schedule_id
        JOIN schedules_agent AS agent ON agent.id = schedule.agent_id
), sent AS (
    UPDATE schedules_run AS run
    SET redispatch_at = %(now)s + %(wait)s * power(2, least(redispatch_count, %(most_doublings)s)),
        redispatch_count = redispatch_count + 1
    FROM judged
    WHERE run.id = judged.id AND judged.may_start AND run.state = 'pending'
    RETURNING run.id, run.generation, judged.place
)
SELECT id, generation, place FROM sent UNION ALL SELECT id, NULL, place FROM judged WHERE NOT may_start
ORDER BY place
"""


def take(
    now: datetime, wait: timedelta, limit: int, ended: Mapping[str, int] = NONE_ENDED
) -> tuple[list[RunKey], list[str]]:
    """The runs to send, in their turns, taken until their wait is over; and the ids of stale ones, which are not."""
    default = default_limits()
    values: dict[str, Any] = {
        "now": now,
        "latest": now + wait * 2**MOST_DOUBLINGS,
        "wait": wait,
        "limit": limit,
        "ended_agents": list(ended),
        "ended_counts": list(ended.values()),
        "most_doublings": MOST_DOUBLINGS,
        "workspace_default": default.workspace,
        "agent_default": default.agent,
    }
    with server_bound_cursor() as cursor:
        cursor.execute(_TAKE, values)
        rows = cursor.fetchall()
    sent = [(run_id, generation) for run_id, generation, _ in rows if generation is not None]
    return sent, [run_id for run_id, generation, _ in rows if generation is None]
