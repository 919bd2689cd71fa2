"""What should have been counted: the ended runs, their earlier attempts and the missed records, as deltas.

Read from the rows themselves, in words of its own: the triggers that count say it a second time.
"""

from typing import Final

from schedules.database.choice import is_postgresql

_POSTGRESQL: Final = {
    "due": "coalesce(run.fire_time, run.created_at + interval '10 seconds')",
    "hour": "date_trunc('hour', {}, 'UTC')",
    "milliseconds": "floor(extract(epoch FROM {} - {}) * 1000)::bigint",
    "none": "NULL::bigint",
}
_SQLITE: Final = {
    "due": "coalesce(run.fire_time, strftime('%%Y-%%m-%%d %%H:%%M:%%f', run.created_at, '+10 seconds'))",
    "hour": "strftime('%%Y-%%m-%%d %%H:00:00', {})",
    "milliseconds": "CAST(round((julianday({}) - julianday({})) * 86400000.0) AS INTEGER)",
    "none": "NULL",
}
_ENDED: Final = """
SELECT coalesce(run.workspace_id, schedule.workspace_id) AS workspace_id,
    coalesce(run.agent_id, schedule.agent_id) AS agent_id, {hour} AS hour, run.state AS state, run.reason AS reason,
    {trigger} AS trigger, 1 AS run_count, {lateness} AS lateness,
    CASE WHEN {began} IS NULL THEN '' WHEN run.state = 'failed' AND run.error_code = 'worker_lost' THEN 'lost'
        ELSE run.state END AS outcome,
    {duration} AS duration, run.input_tokens AS input_tokens, run.output_tokens AS output_tokens,
    run.cached_tokens AS cached_tokens, run.cost AS cost
FROM schedules_run AS run JOIN schedules_schedule AS schedule ON schedule.id = run.schedule_id
WHERE run.state NOT IN ('pending', 'running') AND run.id >= %(first_id)s AND {is_instant}
  AND {hour} >= %(since)s
UNION ALL
SELECT coalesce(run.workspace_id, schedule.workspace_id), coalesce(run.agent_id, schedule.agent_id), {hour},
    run.state, run.reason, {trigger}, 0, {none}, attempt.outcome, {earlier_duration}, {none}, {none}, {none}, {none}
FROM schedules_runattempt AS attempt JOIN schedules_run AS run ON run.id = attempt.run_id
    JOIN schedules_schedule AS schedule ON schedule.id = run.schedule_id
WHERE run.state NOT IN ('pending', 'running') AND run.id >= %(first_id)s AND {is_instant}
  AND {hour} >= %(since)s
UNION ALL
SELECT schedule.workspace_id, schedule.agent_id, {missed_hour}, 'missed', missed.reason, 'cadence', missed.count,
    {none}, '', {none}, {none}, {none}, {none}, {none}
FROM schedules_missedfiring AS missed JOIN schedules_schedule AS schedule ON schedule.id = missed.schedule_id
WHERE {is_missed_instant} AND {missed_hour} >= %(since)s
"""
_TRIGGER: Final = """CASE WHEN run.fire_time IS NULL THEN CASE WHEN run.again_of = '' THEN 'manual' ELSE 'again' END
    WHEN run.is_misfire THEN 'late' ELSE 'cadence' END"""
_IS_INSTANT: Final = "{} BETWEEN '1970-01-01' AND '9999-12-31'"
"""Whatever a row holds beyond these is no time of a cadence, and is not counted."""

_BEGAN: Final = "coalesce(run.attempt_started_at, CASE WHEN run.attempt = 1 THEN run.started_at END)"


def ended_rows() -> str:
    """A query of deltas. Its parameters: `since`, an hour, and `first_id`: no run of that hour has a lower id."""
    words = _POSTGRESQL if is_postgresql() else _SQLITE
    between, hour = words["milliseconds"], words["hour"]
    return _ENDED.format(
        none=words["none"],
        hour=hour.format(words["due"]),
        trigger=_TRIGGER,
        is_instant=_IS_INSTANT.format(words["due"]),
        is_missed_instant=_IS_INSTANT.format("missed.last_fire_time"),
        began=_BEGAN,
        lateness=between.format("run.started_at", words["due"]),
        duration=between.format("run.finished_at", _BEGAN),
        earlier_duration=between.format("attempt.ended_at", "attempt.started_at"),
        missed_hour=hour.format("missed.last_fire_time"),
    )
