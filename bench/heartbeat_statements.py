"""Counts the statements that renew leases, by a trigger: also one that renews nothing fires it."""

from django.db import connection

_COUNT = """
CREATE TABLE bench_heartbeat (at timestamptz NOT NULL, process integer NOT NULL);
CREATE FUNCTION bench_count_heartbeat() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO bench_heartbeat VALUES (clock_timestamp(), pg_backend_pid()); RETURN NULL; END';
CREATE TRIGGER bench_count_heartbeats AFTER UPDATE ON schedules_run FOR EACH STATEMENT
    WHEN (current_query() LIKE 'UPDATE schedules_run SET lease_expires_at%')
    EXECUTE FUNCTION bench_count_heartbeat();
"""

_TELL = """
SELECT count(*), min(gap), max(gap)
FROM (SELECT extract(epoch FROM at - lag(at) OVER (ORDER BY at))::float AS gap FROM bench_heartbeat) AS beats
"""


def count_from_now() -> None:
    """Every renewal of leases leaves a row from now on."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT)


def statements_note(interval_seconds: float) -> str:
    """How many there were and how far apart: none closer than the process's interval means one an interval."""
    with connection.cursor() as cursor:
        cursor.execute(_TELL)
        count, closest, _ = cursor.fetchone()
    assert count, "no heartbeat was counted"
    return (
        f"{count} statements renewed all leases, none closer than {closest or 0:.2f} s to the one before"
        f" (interval {interval_seconds:g} s)."
    )
