"""The fold in PostgreSQL's own words: one statement takes the deltas, adds them up and deletes them."""

from typing import Final

from django.db import connection

from schedules.tallies.columns import KEY, insert_or_add

_FOLD: Final = f"""
WITH chosen AS MATERIALIZED (  -- once: a plan may run a subquery again for each row, and each time take others
    SELECT id FROM schedules_tallydelta ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
), taken AS (
    DELETE FROM schedules_tallydelta WHERE id IN (SELECT id FROM chosen) RETURNING *
), hours AS (
    {insert_or_add("schedules_hourtally", (*KEY, "hour"), "FROM taken")}
), totals AS (
    {insert_or_add("schedules_tallytotal", KEY, "FROM taken")}
)
SELECT count(*) FROM taken
"""  # noqa: S608 - our own words


def fold(limit: int) -> int:
    """Add up to `limit` deltas that no other beat holds; how many."""
    with connection.cursor() as cursor:
        cursor.execute(_FOLD, [limit])
        count: int = cursor.fetchone()[0]
    return count
