"""The triggers that count, on SQLite. PostgreSQL's are in the migration 0035, which says what they are for.

A migration that changes a table makes it anew, and its triggers go with the old one; a table that a trigger names
cannot even be renamed meanwhile. So they are dropped before a migration that does something, and made after each.
"""

from typing import Any, Final

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

_DUE: Final = "coalesce(NEW.fire_time, strftime('%Y-%m-%d %H:%M:%f', NEW.created_at, '+10 seconds'))"
_BEGAN: Final = "coalesce(NEW.attempt_started_at, CASE WHEN NEW.attempt = 1 THEN NEW.started_at END)"
_IS_INSTANT: Final = "BETWEEN '1970-01-01' AND '9999-12-31'"
_COLUMNS: Final = "workspace_id, agent_id, hour, state, reason, trigger, run_count"


def _milliseconds(later: str, earlier: str) -> str:
    return f"CAST(round((julianday({later}) - julianday({earlier})) * 86400000.0) AS INTEGER)"


_KEY: Final = f"""
    coalesce(NEW.workspace_id, schedule.workspace_id), coalesce(NEW.agent_id, schedule.agent_id),
    strftime('%Y-%m-%d %H:00:00', {_DUE}), NEW.state, NEW.reason,
    CASE WHEN NEW.trigger = 'manual' THEN CASE WHEN NEW.again_of = '' THEN 'manual' ELSE 'again' END
        WHEN NEW.is_misfire THEN 'late' ELSE 'cadence' END"""
_COUNT_RUN: Final = f"""
BEGIN
    INSERT INTO schedules_tallydelta
        ({_COLUMNS}, lateness, outcome, duration, input_tokens, output_tokens, cached_tokens, cost)
    SELECT {_KEY}, 1, {_milliseconds("NEW.started_at", _DUE)},
        CASE WHEN {_BEGAN} IS NULL THEN '' WHEN NEW.state = 'failed' AND NEW.error_code = 'worker_lost' THEN 'lost'
            ELSE NEW.state END,
        {_milliseconds("NEW.finished_at", _BEGAN)}, NEW.input_tokens, NEW.output_tokens, NEW.cached_tokens, NEW.cost
    FROM schedules_schedule AS schedule WHERE schedule.id = NEW.schedule_id AND {_DUE} {_IS_INSTANT};
    INSERT INTO schedules_tallydelta ({_COLUMNS}, outcome, duration)
    SELECT {_KEY}, 0, attempt.outcome, {_milliseconds("attempt.ended_at", "attempt.started_at")}
    FROM schedules_runattempt AS attempt JOIN schedules_schedule AS schedule ON schedule.id = NEW.schedule_id
    WHERE NEW.attempt > 1 AND attempt.run_id = NEW.id AND {_DUE} {_IS_INSTANT};
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
    FROM schedules_schedule AS schedule WHERE schedule.id = NEW.schedule_id AND NEW.last_fire_time {_IS_INSTANT};
END
""",  # noqa: S608 - our own words
}


def drop(using: str, plan: list[Any], **_: Any) -> None:
    """Before a migration that does something."""
    if plan and connections[using].vendor == "sqlite":
        _drop(connections[using])


def create(using: str, **_: Any) -> None:
    """After a migration: the triggers are as this version has them."""
    connection = connections[using]
    if connection.vendor == "sqlite" and "schedules_tallydelta" in connection.introspection.table_names():
        _drop(connection)
        with connection.cursor() as cursor:
            for name, words in TRIGGERS.items():
                cursor.execute(f"CREATE TRIGGER {name} {words}")


def _drop(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        for name in TRIGGERS:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
