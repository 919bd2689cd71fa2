"""The batch in PostgreSQL's own words: one statement claims with SKIP LOCKED, one inserts and advances.

Parameters are bound by the server: Django's cursor would write thousands of literals into the text. Of each
distinct set of fire times one row is sent, and of each schedule three values: in a herd most are the same.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from schedules.database.cursors import server_bound_cursor
from schedules.firing.batch import FIRST_INSTANT, LAST_INSTANT, DueSchedule, Firing

_TAKE = """
SELECT schedule_id, generation, type, expression,
    CASE WHEN anchor_at BETWEEN %(first)s AND %(last)s THEN anchor_at END,
    CASE WHEN fire_time BETWEEN %(first)s AND %(last)s THEN fire_time END
FROM schedules_nextfire
WHERE fire_time <= %(now)s AND (suspended_until IS NULL OR suspended_until <= %(now)s)
ORDER BY fire_time
LIMIT %(limit)s
FOR NO KEY UPDATE SKIP LOCKED
"""

_DO_NOT_WAIT_FOR_THE_DISK = "SET LOCAL synchronous_commit TO off"
"""A server that crashes may lose the last moments' firings, whole: their schedules are due again and fire again.

Nothing is doubled by that: a claim does wait for the disk (unless the server itself is told not to), and the log is
written in order, so a run that has started has a firing that is safe; the message of one that is not finds no run.
"""

_RECORD = """
WITH times AS (
    SELECT * FROM unnest(%(numbers)s::int[], %(firsts)s::timestamptz[], %(newests)s::timestamptz[],
                         %(followings)s::timestamptz[], %(missed_counts)s::int[], %(lasts)s::timestamptz[],
                         %(misfires)s::boolean[], %(not_befores)s::timestamptz[], %(redispatch_ats)s::timestamptz[])
        AS t (number, first, newest, following, missed_count, last_missed, is_misfire, not_before, redispatch_at)
), fired AS (
    SELECT * FROM unnest(string_to_array(%(ids)s, ' '), string_to_array(%(generations)s, ' ')::bigint[],
                         string_to_array(%(run_ids)s, ' '), string_to_array(%(of_times)s, ' ')::int[])
        AS f (schedule_id, generation, run_id, number)
    JOIN times USING (number)
), run AS (
    INSERT INTO schedules_run
        (id, schedule_id, agent_id, workspace_id, generation, trigger, fire_time, is_misfire, not_before, created_at,
         redispatch_at)
    SELECT run_id, schedule_id, schedule.agent_id, schedule.workspace_id, fired.generation, 'cadence', newest,
        is_misfire, not_before, %(now)s, redispatch_at
    FROM fired JOIN schedules_schedule AS schedule ON schedule.id = fired.schedule_id
    {on_conflict}
), replaced AS (
    UPDATE schedules_run AS older
    SET state = 'discarded', reason = 'coalesced', finished_at = %(now)s
    FROM fired
    WHERE older.schedule_id = fired.schedule_id AND older.generation = fired.generation
      AND older.state = 'pending' AND older.is_misfire AND older.trigger = 'cadence'
      AND older.started_at IS NULL AND older.fire_time < fired.newest
), missed AS (
    INSERT INTO schedules_missedfiring
        (schedule_id, generation, first_fire_time, last_fire_time, count, reason, recorded_at)
    SELECT schedule_id, generation, first, last_missed, missed_count, 'coalesced', %(now)s
    FROM fired
    WHERE missed_count > 0
    ON CONFLICT (schedule_id, generation, first_fire_time) DO NOTHING
), finished AS (
    UPDATE schedules_schedule AS schedule
    SET is_active = false, is_finished = true
    FROM fired
    WHERE schedule.id = fired.schedule_id AND fired.following IS NULL
    RETURNING run_id, workspace_id, agent_id, schedule_id,
        coalesce(nullif(display_name, ''), left(expression, 255)) AS name
), line AS (
    INSERT INTO schedules_journalentry
        (id, actor_kind, actor_id, actor_name, address, batch_id, workspace_id, agent_id, verb, object_type,
         object_id, object_name, changes)
    SELECT run_id, 'service', '', 'service', '', '', workspace_id, agent_id, 'finish', 'schedule', schedule_id, name,
        '{no_changes}'
    FROM finished
    ON CONFLICT (id) DO NOTHING
), ended AS (
    DELETE FROM schedules_nextfire AS next_fire
    USING fired
    WHERE next_fire.schedule_id = fired.schedule_id AND fired.following IS NULL
)
UPDATE schedules_nextfire AS next_fire
SET fire_time = fired.following, suspended_until = NULL
FROM fired
WHERE next_fire.schedule_id = fired.schedule_id AND fired.following IS NOT NULL
"""


_IGNORE_EXISTING = "ON CONFLICT (schedule_id, generation, fire_time) WHERE fire_time IS NOT NULL DO NOTHING"


class PostgresqlFireBatch:
    """FireBatch in two statements, whatever the batch's size."""

    def take_due(self, now: datetime, limit: int) -> list[DueSchedule]:
        with server_bound_cursor(is_binary=True) as cursor:
            cursor.execute(_TAKE, {"now": now, "limit": limit, "first": FIRST_INSTANT, "last": LAST_INSTANT})
            return [DueSchedule(*row) for row in cursor.fetchall()]

    def record(
        self, firings: Sequence[Firing], now: datetime, grace: timedelta, *, ignore_existing: bool
    ) -> None:
        if not firings:
            return
        distinct = {(id(firing.times), firing.is_rung_for): firing for firing in firings}
        numbers = {key: number for number, key in enumerate(distinct)}
        rows = {
            "ids": " ".join(firing.schedule.id for firing in firings),
            "generations": " ".join(str(firing.schedule.generation) for firing in firings),
            "run_ids": " ".join(firing.run_id for firing in firings),
            "of_times": " ".join(str(numbers[id(firing.times), firing.is_rung_for]) for firing in firings),
        }
        values: dict[str, Any] = {"now": now, **rows, **_columns(list(distinct.values()), now, grace)}
        with server_bound_cursor() as cursor:
            cursor.execute(_DO_NOT_WAIT_FOR_THE_DISK)
            cursor.execute(_statement(ignore_existing=ignore_existing), values)


def _statement(*, ignore_existing: bool) -> str:
    return _RECORD.format(on_conflict=_IGNORE_EXISTING if ignore_existing else "", no_changes="{}")


def _columns(firings: Sequence[Firing], now: datetime, grace: timedelta) -> Mapping[str, list[Any]]:
    times = [firing.times for firing in firings]
    return {
        "numbers": list(range(len(times))),
        "firsts": [each.first for each in times],
        "newests": [each.newest for each in times],
        "followings": [each.following for each in times],
        "missed_counts": [each.missed_count for each in times],
        "lasts": [each.last_missed for each in times],
        "misfires": [each.is_misfire for each in times],
        "not_befores": [each.not_before for each in times],
        "redispatch_ats": [firing.redispatch_at(now, grace) for firing in firings],
    }
