"""The triggers that write signals, on SQLite. PostgreSQL's are in `migrations/initial/signal_triggers.py`."""

from typing import Final

from schedules.tallies.triggers_sqlite import DUE, IS_INSTANT, OCCASION, milliseconds

_LATENESS: Final = milliseconds("NEW.started_at", DUE)
_COLUMNS: Final = "kind, workspace_id, agent_id, schedule_id, code, trigger, due_at, at"
TRIGGERS: Final = {
    "schedules_run_signals": f"""AFTER UPDATE OF state ON schedules_run
    WHEN OLD.state IN ('pending', 'running') AND NEW.state IN ('succeeded', 'failed')
BEGIN
    INSERT INTO schedules_alertsignal ({_COLUMNS}, run_id, http_status, count, lateness)
    SELECT NEW.state, schedule.workspace_id, schedule.agent_id, schedule.id, substr(NEW.error_code, 1, 100),
        {OCCASION}, {DUE}, coalesce(NEW.finished_at, strftime('%Y-%m-%d %H:%M:%f', 'now')), NEW.id,
        NEW.http_status, 1, {_LATENESS}
    FROM schedules_schedule AS schedule WHERE schedule.id = NEW.schedule_id AND {DUE} {IS_INSTANT} AND (
        (NEW.state = 'failed' AND {OCCASION} IN ('cadence', 'late'))
        OR {_LATENESS} >= 60000
        OR EXISTS (SELECT 1 FROM schedules_schedulehealth AS health WHERE health.schedule_id = NEW.schedule_id)
        OR EXISTS (SELECT 1 FROM schedules_alertsignal AS signal WHERE signal.schedule_id = NEW.schedule_id)
        OR EXISTS (SELECT 1 FROM schedules_incident AS incident WHERE incident.agent_id = schedule.agent_id
            AND incident.rule = 'agent.outage' AND incident.closed_at IS NULL));
END
""",  # noqa: S608 - our own words
    "schedules_missed_signals": f"""AFTER INSERT ON schedules_missedfiring WHEN NEW.reason = 'coalesced'
BEGIN
    INSERT INTO schedules_alertsignal ({_COLUMNS}, first_due_at, count)
    SELECT 'missed', schedule.workspace_id, schedule.agent_id, schedule.id, NEW.reason, 'cadence',
        NEW.last_fire_time, NEW.recorded_at, NEW.first_fire_time, NEW.count
    FROM schedules_schedule AS schedule WHERE schedule.id = NEW.schedule_id
        AND NEW.first_fire_time >= '1970-01-01' AND NEW.last_fire_time <= '9999-12-31';
END
""",  # noqa: S608 - our own words
}
