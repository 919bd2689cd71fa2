"""Runs are counted when they end, by triggers: whichever statement ends them, and whichever version of the service.

On PostgreSQL; on SQLite `tallies/triggers_sqlite.py` makes the same triggers after each migration. What has ended
before is counted here, while nothing else can end: that takes up to half a minute for a million runs.
"""

from typing import ClassVar

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

COUNT_RUN = """
CREATE FUNCTION schedules_tally_run() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    due_at CONSTANT timestamptz := coalesce(NEW.fire_time, NEW.created_at + interval '10 seconds');
    began_at CONSTANT timestamptz := coalesce(
        NEW.attempt_started_at, CASE WHEN NEW.attempt = 1 THEN NEW.started_at END);
    occasion CONSTANT text := CASE
        WHEN NEW.trigger = 'manual' THEN CASE WHEN NEW.again_of = '' THEN 'manual' ELSE 'again' END
        WHEN NEW.is_misfire THEN 'late' ELSE 'cadence' END;
    its_workspace uuid := NEW.workspace_id;
    its_agent text := NEW.agent_id;
BEGIN
    IF due_at NOT BETWEEN '1970-01-01' AND '9999-12-31' THEN  -- no time of a cadence
        RETURN NULL;
    END IF;
    IF its_workspace IS NULL OR its_agent IS NULL THEN  -- of a process that knew no such columns
        SELECT workspace_id, agent_id INTO its_workspace, its_agent
        FROM schedules_schedule WHERE id = NEW.schedule_id;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
    END IF;
    INSERT INTO schedules_tallydelta
        (workspace_id, agent_id, hour, state, reason, trigger, run_count, lateness, outcome, duration,
         input_tokens, output_tokens, cached_tokens, cost)
    VALUES (
        its_workspace, its_agent, date_trunc('hour', due_at, 'UTC'), NEW.state, NEW.reason, occasion, 1,
        floor(extract(epoch FROM NEW.started_at - due_at) * 1000)::bigint,
        CASE WHEN began_at IS NULL THEN '' WHEN NEW.state = 'failed' AND NEW.error_code = 'worker_lost' THEN 'lost'
            ELSE NEW.state END,
        floor(extract(epoch FROM NEW.finished_at - began_at) * 1000)::bigint,
        NEW.input_tokens, NEW.output_tokens, NEW.cached_tokens, NEW.cost);
    IF NEW.attempt > 1 THEN
        INSERT INTO schedules_tallydelta
            (workspace_id, agent_id, hour, state, reason, trigger, run_count, outcome, duration)
        SELECT its_workspace, its_agent, date_trunc('hour', due_at, 'UTC'), NEW.state, NEW.reason, occasion, 0,
            attempt.outcome, floor(extract(epoch FROM attempt.ended_at - attempt.started_at) * 1000)::bigint
        FROM schedules_runattempt AS attempt WHERE attempt.run_id = NEW.id;
    END IF;
    RETURN NULL;
END
$$
"""
COUNT_MISSED = """
CREATE FUNCTION schedules_tally_missed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO schedules_tallydelta (workspace_id, agent_id, hour, state, reason, trigger, run_count)
    SELECT workspace_id, agent_id, date_trunc('hour', NEW.last_fire_time, 'UTC'), 'missed', NEW.reason, 'cadence',
        NEW.count
    FROM schedules_schedule
    WHERE id = NEW.schedule_id AND NEW.last_fire_time BETWEEN '1970-01-01' AND '9999-12-31';
    RETURN NULL;
END
$$
"""
TRIGGERS = (
    """CREATE TRIGGER schedules_run_ended AFTER UPDATE OF state ON schedules_run FOR EACH ROW
    WHEN (OLD.state IN ('pending', 'running') AND NEW.state NOT IN ('pending', 'running'))
    EXECUTE FUNCTION schedules_tally_run()""",
    """CREATE TRIGGER schedules_run_added AFTER INSERT ON schedules_run FOR EACH ROW
    WHEN (NEW.state NOT IN ('pending', 'running')) EXECUTE FUNCTION schedules_tally_run()""",
    """CREATE TRIGGER schedules_firings_missed AFTER INSERT ON schedules_missedfiring FOR EACH ROW
    EXECUTE FUNCTION schedules_tally_missed()""",
)
DROPPED = (
    "DROP TRIGGER schedules_run_ended ON schedules_run",
    "DROP TRIGGER schedules_run_added ON schedules_run",
    "DROP TRIGGER schedules_firings_missed ON schedules_missedfiring",
    "DROP FUNCTION schedules_tally_run()",
    "DROP FUNCTION schedules_tally_missed()",
)
TABLES = ("schedules_tallydelta", "schedules_hourtally", "schedules_tallytotal")

WORDS = {
    "postgresql": {
        "due": "coalesce(run.fire_time, run.created_at + interval '10 seconds')",
        "hour": "date_trunc('hour', {}, 'UTC')",
        "milliseconds": "floor(extract(epoch FROM {} - {}) * 1000)::bigint",
    },
    "sqlite": {
        "due": "coalesce(run.fire_time, strftime('%Y-%m-%d %H:%M:%f', run.created_at, '+10 seconds'))",
        "hour": "strftime('%Y-%m-%d %H:00:00', {})",
        "milliseconds": "CAST(round((julianday({}) - julianday({})) * 86400000.0) AS INTEGER)",
    },
}
BEGAN = "coalesce(run.attempt_started_at, CASE WHEN run.attempt = 1 THEN run.started_at END)"
RUN_KEY = """
    coalesce(run.workspace_id, schedule.workspace_id) AS workspace_id,
    coalesce(run.agent_id, schedule.agent_id) AS agent_id, run.state AS state, run.reason AS reason,
    CASE WHEN run.fire_time IS NULL THEN CASE WHEN run.again_of = '' THEN 'manual' ELSE 'again' END
        WHEN run.is_misfire THEN 'late' ELSE 'cadence' END AS trigger"""
KEY = ("workspace_id", "agent_id", "state", "reason", "trigger")
BOUNDS = (100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000)
OUTCOMES = ("succeeded", "failed", "lost", "cancelled")


def ended(vendor: str) -> str:
    """All that has ended, a row each."""
    words = WORDS[vendor]
    hour, between = words["hour"], words["milliseconds"]
    of_schedule = "JOIN schedules_schedule AS schedule ON schedule.id ="
    is_instant = "BETWEEN '1970-01-01' AND '9999-12-31'"
    is_final = f"run.state NOT IN ('pending', 'running') AND {words['due']} {is_instant}"
    return f"""
SELECT {RUN_KEY}, {hour.format(words["due"])} AS hour, 1 AS run_count,
    {between.format("run.started_at", words["due"])} AS lateness,
    CASE WHEN {BEGAN} IS NULL THEN '' WHEN run.state = 'failed' AND run.error_code = 'worker_lost' THEN 'lost'
        ELSE run.state END AS outcome,
    {between.format("run.finished_at", BEGAN)} AS duration
FROM schedules_run AS run {of_schedule} run.schedule_id WHERE {is_final}
UNION ALL
SELECT {RUN_KEY}, {hour.format(words["due"])}, 0, NULL, attempt.outcome,
    {between.format("attempt.ended_at", "attempt.started_at")}
FROM schedules_runattempt AS attempt JOIN schedules_run AS run ON run.id = attempt.run_id
    {of_schedule} run.schedule_id WHERE {is_final}
UNION ALL
SELECT schedule.workspace_id, schedule.agent_id, 'missed', missed.reason, 'cadence',
    {hour.format("missed.last_fire_time")}, missed.count, NULL, '', NULL
FROM schedules_missedfiring AS missed {of_schedule} missed.schedule_id
WHERE missed.last_fire_time {is_instant}
"""


def summed() -> dict[str, str]:
    sums = {"run_count": "sum(run_count)"}
    for kind in ("lateness", "duration"):
        sums |= {f"{kind}_count": f"count({kind})", f"{kind}_sum": f"coalesce(sum({kind}), 0)"}
        for above, bound in zip((None, *BOUNDS), BOUNDS):
            within = f"{kind} <= {bound}" + (f" AND {kind} > {above}" if above is not None else "")
            sums[f"{kind}_to_{bound}"] = f"count(*) FILTER (WHERE {within})"
    return sums | {f"attempts_{name}": f"count(*) FILTER (WHERE outcome = '{name}')" for name in OUTCOMES}


def count_what_has_ended(editor: BaseDatabaseSchemaEditor) -> None:
    for table in TABLES:
        editor.execute(f"DELETE FROM {table}", params=None)
    sums = summed()
    for table, key in (("schedules_hourtally", (*KEY, "hour")), ("schedules_tallytotal", KEY)):
        keys = ", ".join(key)
        editor.execute(
            f"INSERT INTO {table} ({keys}, {', '.join(sums)}) SELECT {keys}, {', '.join(sums.values())}"
            f" FROM ({ended(editor.connection.vendor)}) AS ended GROUP BY {keys}",
            params=None,
        )


PATIENTLY = ("SET LOCAL statement_timeout = 0", "SET LOCAL work_mem = '256MB'")


def create(_: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":  # no run ends from here on to the end of the migration
        for statement in (*PATIENTLY, COUNT_RUN, COUNT_MISSED, *TRIGGERS):
            editor.execute(statement, params=None)
    count_what_has_ended(editor)


def drop(_: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        for statement in DROPPED:
            editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("schedules", "0033_tallies")]

    operations: ClassVar = [migrations.RunPython(create, drop)]
