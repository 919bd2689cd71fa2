"""The triggers that count, on SQLite; `migrations/initial/tally_triggers.py` has PostgreSQL's, and says why."""

from typing import Final

DUE: Final = "coalesce(NEW.fire_time, strftime('%Y-%m-%d %H:%M:%f', NEW.created_at, '+10 seconds'))"
OCCASION: Final = (
    "CASE WHEN NEW.trigger = 'manual' THEN CASE WHEN NEW.again_of = '' THEN 'manual' ELSE 'again' END"
    " WHEN NEW.is_misfire THEN 'late' ELSE 'cadence' END"
)
_BEGAN: Final = "coalesce(NEW.attempt_started_at, CASE WHEN NEW.attempt = 1 THEN NEW.started_at END)"
IS_INSTANT: Final = "BETWEEN '1970-01-01' AND '9999-12-31'"
_COLUMNS: Final = "workspace_id, agent_id, hour, state, reason, trigger, run_count"


def milliseconds(later: str, earlier: str) -> str:
    return f"CAST(round((julianday({later}) - julianday({earlier})) * 86400000.0) AS INTEGER)"


_KEY: Final = f"""
    coalesce(NEW.workspace_id, schedule.workspace_id), coalesce(NEW.agent_id, schedule.agent_id),
    strftime('%Y-%m-%d %H:00:00', {DUE}), NEW.state, NEW.reason,
    {OCCASION}"""
_COUNT_RUN: Final = f"""
BEGIN
    INSERT INTO schedules_tallydelta
        ({_COLUMNS}, lateness, outcome, duration, input_tokens, output_tokens, cached_tokens, cost)
    SELECT {_KEY}, 1, {milliseconds("NEW.started_at", DUE)},
        CASE WHEN {_BEGAN} IS NULL THEN '' WHEN NEW.state = 'failed' AND NEW.error_code = 'worker_lost' THEN 'lost'
            ELSE NEW.state END,
        {milliseconds("NEW.finished_at", _BEGAN)}, NEW.input_tokens, NEW.output_tokens, NEW.cached_tokens, NEW.cost
    FROM schedules_schedule AS schedule WHERE schedule.id = NEW.schedule_id AND {DUE} {IS_INSTANT};
    INSERT INTO schedules_tallydelta ({_COLUMNS}, outcome, duration)
    SELECT {_KEY}, 0, attempt.outcome, {milliseconds("attempt.ended_at", "attempt.started_at")}
    FROM schedules_runattempt AS attempt JOIN schedules_schedule AS schedule ON schedule.id = NEW.schedule_id
    WHERE NEW.attempt > 1 AND attempt.run_id = NEW.id AND {DUE} {IS_INSTANT};
END
"""  # noqa: S608 - our own words
TRIGGERS: Final = {
    "schedules_run_ended": (
        "AFTER UPDATE OF state ON schedules_run"
        " WHEN OLD.state IN ('pending', 'running') AND NEW.state NOT IN ('pending', 'running')" + _COUNT_RUN
    ),
    "schedules_run_added": (
        "AFTER INSERT ON schedules_run WHEN NEW.state NOT IN ('pending', 'running')" + _COUNT_RUN
    ),
    "schedules_firings_missed": f"""AFTER INSERT ON schedules_missedfiring
BEGIN
    INSERT INTO schedules_tallydelta ({_COLUMNS})
    SELECT schedule.workspace_id, schedule.agent_id, strftime('%Y-%m-%d %H:00:00', NEW.last_fire_time), 'missed',
        NEW.reason, 'cadence', NEW.count
    FROM schedules_schedule AS schedule WHERE schedule.id = NEW.schedule_id AND NEW.last_fire_time {IS_INSTANT};
END
""",  # noqa: S608 - our own words
}
