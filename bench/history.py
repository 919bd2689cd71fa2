"""A long history of runs, written by SQL: twenty million rows in minutes."""

from datetime import UTC, datetime, timedelta

import psycopg

from schedules.database.ulids import lowest_ulid_at

SCHEDULES = 1_000
"""Whose history it is: each has one run an hour."""

_RUNS = """
INSERT INTO schedules_run
    (id, schedule_id, agent_id, workspace_id, generation, trigger, is_misfire, fire_time, state, reason,
     not_before, created_at,
     redispatch_at, started_at, finished_at, worker, payload,
     output, output_text, response_id, error_code, error_message)
SELECT hour.prefix || lpad(number::text, 16, '0'), schedule.id, schedule.agent_id, schedule.workspace_id, 1,
       'cadence', false, hour.fire_time,
       CASE WHEN number %% 500 = 0 THEN 'failed' ELSE 'succeeded' END,
       CASE WHEN number %% 500 = 0 THEN 'agent_http_error' ELSE '' END,
       hour.fire_time, hour.fire_time, hour.fire_time, hour.fire_time, hour.fire_time, 'host:1:bench',
       '{"input": "Summarise the news"}', '[]', 'All is well', 'resp_1', '', ''
FROM unnest(%(prefixes)s::text[], %(fire_times)s::timestamptz[]) AS hour (prefix, fire_time),
     generate_series(1, %(schedules)s) AS number
     JOIN schedules_schedule AS schedule ON schedule.id = lpad(number::text, 26, '0')
"""

_INDEXES = """
SELECT indexname, indexdef FROM pg_indexes
WHERE tablename = 'schedules_run' AND indexname NOT LIKE '%pkey'
"""


def make(database_url: str, count: int, ends_at: datetime, schedules: int = SCHEDULES) -> None:
    """`count` ended runs (a multiple of `schedules`), the newest an hour before `ends_at`; their schedules exist."""
    fire_times = [ends_at - timedelta(hours=hour) for hour in range(count // schedules, 0, -1)]
    values = {
        "prefixes": [lowest_ulid_at(fire_time)[:10] for fire_time in fire_times],
        "fire_times": fire_times,
        "schedules": schedules,
    }
    with psycopg.connect(database_url, autocommit=True) as database:
        # Nothing here needs to survive a crash, and every row is known to be right: no checks, no waiting.
        database.execute("SET session_replication_role = replica")
        database.execute("SET synchronous_commit = off")
        database.execute("SET maintenance_work_mem = '512MB'")
        indexes = database.execute(_INDEXES).fetchall()
        for name, _ in indexes:
            database.execute(f'DROP INDEX "{name}"')
        database.execute(_RUNS, values)
        for _, definition in indexes:
            database.execute(definition)
        database.execute("VACUUM ANALYZE schedules_run")
        database.execute("CHECKPOINT")


def middle(count: int, ends_at: datetime) -> datetime:
    """Half of the runs are older than this."""
    return (ends_at - timedelta(hours=count // SCHEDULES // 2)).astimezone(UTC)
