"""Runs are counted when they end, by triggers: whichever statement ends them, and whichever version of the service.

On PostgreSQL; on SQLite `tallies/triggers_sqlite.py` makes the same triggers after each migration.
"""

from schedules.migrations.initial.statements import on

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

OPERATIONS = (on("postgresql", [COUNT_RUN, COUNT_MISSED, *TRIGGERS], DROPPED),)
