"""The batch in PostgreSQL's own words: claim with SKIP LOCKED, insert and advance with unnest, one statement each."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from schedules.fire_batches.firing import DueSchedule, Firing, redispatch_at

_TAKE = """
SELECT id, generation, type, expression, anchor_at, agent_id, next_fire_at
FROM schedules_schedule
WHERE is_active AND next_fire_at <= %(now)s AND (held_until IS NULL OR held_until <= %(now)s)
ORDER BY next_fire_at
LIMIT %(limit)s
FOR NO KEY UPDATE SKIP LOCKED
"""

_INSERT_RUNS = """
INSERT INTO schedules_run
    (id, schedule_id, generation, trigger, fire_time, is_misfire, not_before, created_at, redispatch_at)
SELECT id, schedule_id, generation, 'cadence', fire_time, is_misfire, not_before, %(now)s, redispatch_at
FROM unnest(%(run_ids)s::text[], %(ids)s::text[], %(generations)s::bigint[],
            %(fire_times)s::timestamptz[], %(misfires)s::boolean[], %(not_befores)s::timestamptz[],
            %(redispatch_ats)s::timestamptz[])
    AS fired (id, schedule_id, generation, fire_time, is_misfire, not_before, redispatch_at)
ON CONFLICT (schedule_id, generation, fire_time) WHERE fire_time IS NOT NULL DO NOTHING
"""

_INSERT_MISSED = """
INSERT INTO schedules_missedfiring
    (schedule_id, generation, first_fire_time, last_fire_time, count, reason, recorded_at)
SELECT schedule_id, generation, first_fire_time, last_fire_time, count, 'coalesced', %(now)s
FROM unnest(%(ids)s::text[], %(generations)s::bigint[], %(firsts)s::timestamptz[],
            %(lasts)s::timestamptz[], %(counts)s::int[])
    AS missed (schedule_id, generation, first_fire_time, last_fire_time, count)
WHERE count > 0
ON CONFLICT (schedule_id, generation, first_fire_time) DO NOTHING
"""

_ADVANCE = """
UPDATE schedules_schedule AS schedule
SET next_fire_at = fired.next_fire_at, is_active = fired.next_fire_at IS NOT NULL,
    is_finished = fired.next_fire_at IS NULL, held_until = NULL
FROM unnest(%(ids)s::text[], %(nexts)s::timestamptz[]) AS fired (id, next_fire_at)
WHERE schedule.id = fired.id
"""


class PostgresqlFireBatch:
    """FireBatch in four statements, whatever the batch's size."""

    def take_due(self, now: datetime, limit: int) -> list[DueSchedule]:
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, {"now": now, "limit": limit})
            return [DueSchedule(*row) for row in cursor.fetchall()]

    def record(self, firings: Sequence[Firing], now: datetime, grace: timedelta) -> None:
        columns: dict[str, Any] = {
            "now": now,
            "run_ids": [firing.run_id for firing in firings],
            "ids": [firing.schedule.id for firing in firings],
            "generations": [firing.schedule.generation for firing in firings],
            "fire_times": [firing.fire_time for firing in firings],
            "not_befores": [firing.not_before for firing in firings],
            "redispatch_ats": [redispatch_at(firing, now, grace) for firing in firings],
            "misfires": [firing.is_misfire for firing in firings],
            "firsts": [firing.schedule.next_fire_at for firing in firings],
            "lasts": [firing.last_missed for firing in firings],
            "counts": [firing.missed_count for firing in firings],
            "nexts": [firing.next_fire_at for firing in firings],
        }
        with connection.cursor() as cursor:
            cursor.execute(_INSERT_RUNS, columns)
            if any(firing.missed_count for firing in firings):
                cursor.execute(_INSERT_MISSED, columns)
            cursor.execute(_ADVANCE, columns)
