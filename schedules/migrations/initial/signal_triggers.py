"""What alerts go by is written when a run ends, by triggers: as tallies are, and for the same reasons.

On PostgreSQL; on SQLite `alerts/triggers_sqlite.py` makes the same triggers after each migration.
"""

from schedules.migrations.initial.statements import on

SIGNAL_RUN = """
CREATE FUNCTION schedules_signal_run() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    due_at CONSTANT timestamptz := coalesce(NEW.fire_time, NEW.created_at + interval '10 seconds');
    occasion CONSTANT text := CASE
        WHEN NEW.trigger = 'manual' THEN CASE WHEN NEW.again_of = '' THEN 'manual' ELSE 'again' END
        WHEN NEW.is_misfire THEN 'late' ELSE 'cadence' END;
    its_lateness bigint;
    its_workspace uuid := NEW.workspace_id;
    its_agent text := NEW.agent_id;
BEGIN
    IF due_at NOT BETWEEN '1970-01-01' AND '9999-12-31' THEN  -- no time of a cadence
        RETURN NULL;
    END IF;
    its_lateness := floor(extract(epoch FROM NEW.started_at - due_at) * 1000)::bigint;
    IF its_workspace IS NULL OR its_agent IS NULL THEN  -- of a process that knew no such columns
        SELECT workspace_id, agent_id INTO its_workspace, its_agent
        FROM schedules_schedule WHERE id = NEW.schedule_id;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
    END IF;
    IF (NEW.state = 'failed' AND occasion IN ('cadence', 'late'))
        OR its_lateness >= 60000
        OR EXISTS (SELECT FROM schedules_schedulehealth AS health WHERE health.schedule_id = NEW.schedule_id)
        OR EXISTS (SELECT FROM schedules_alertsignal AS signal WHERE signal.schedule_id = NEW.schedule_id)
        OR EXISTS (SELECT FROM schedules_incident AS incident WHERE incident.agent_id = its_agent
            AND incident.rule = 'agent.outage' AND incident.closed_at IS NULL)
    THEN
        INSERT INTO schedules_alertsignal
            (kind, workspace_id, agent_id, schedule_id, run_id, code, http_status, trigger, due_at, count, lateness, at)
        VALUES (NEW.state, its_workspace, its_agent, NEW.schedule_id, NEW.id, left(NEW.error_code, 100),
            NEW.http_status, occasion, due_at, 1, its_lateness, coalesce(NEW.finished_at, clock_timestamp()));
    END IF;
    RETURN NULL;
END
$$
"""
SIGNAL_MISSED = """
CREATE FUNCTION schedules_signal_missed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO schedules_alertsignal
        (kind, workspace_id, agent_id, schedule_id, code, trigger, due_at, first_due_at, count, at)
    SELECT 'missed', workspace_id, agent_id, id, NEW.reason, 'cadence', NEW.last_fire_time, NEW.first_fire_time,
        NEW.count, NEW.recorded_at
    FROM schedules_schedule
    WHERE id = NEW.schedule_id AND NEW.first_fire_time >= '1970-01-01' AND NEW.last_fire_time <= '9999-12-31';
    RETURN NULL;
END
$$
"""
CREATED = (
    SIGNAL_RUN,
    SIGNAL_MISSED,
    """CREATE TRIGGER schedules_run_signals AFTER UPDATE OF state ON schedules_run FOR EACH ROW
    WHEN (OLD.state IN ('pending', 'running') AND NEW.state IN ('succeeded', 'failed'))
    EXECUTE FUNCTION schedules_signal_run()""",
    """CREATE TRIGGER schedules_missed_signals AFTER INSERT ON schedules_missedfiring FOR EACH ROW
    WHEN (NEW.reason = 'coalesced') EXECUTE FUNCTION schedules_signal_missed()""",
)
DROPPED = (
    "DROP TRIGGER schedules_run_signals ON schedules_run",
    "DROP TRIGGER schedules_missed_signals ON schedules_missedfiring",
    "DROP FUNCTION schedules_signal_run()",
    "DROP FUNCTION schedules_signal_missed()",
)

OPERATIONS = (on("postgresql", CREATED, DROPPED),)
