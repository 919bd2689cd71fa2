"""Lists of runs find what is rare without reading the history; a claim finds its run without reading a herd."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from schedules.database.cursors import server_bound_cursor
from schedules.limits.calls_in_flight import thread_count
from schedules.models import Run, RunState
from schedules.runs import claim_postgresql, claimed
from tests.factories import NOON, make_run, make_schedule

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.CANCELLED, RunState.DISCARDED])
def test_runs_that_did_not_succeed_come_from_their_own_index_in_the_lists_order(state: RunState) -> None:
    newest = Run.objects.filter(state=state).order_by("-id").values("id")[:50]

    with transaction.atomic(), connection.cursor() as cursor:
        # A table this small is read whole otherwise, or sorted afterwards:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        plan = newest.explain()

    assert "run_unsuccessful" in plan
    assert "Sort" not in plan


def test_a_claim_can_not_be_planned_by_the_index_of_all_pending_runs() -> None:
    """A plan made while nothing was pending found it as good as the key: each claim of a herd then read the herd."""
    statements: list[tuple[str, Any]] = []

    def listen(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        statements.append((sql, values))
        return execute(sql, values, many, context)

    with connection.execute_wrapper(listen):
        run = make_run(make_schedule())
        thread_count()  # known to the process, as to a worker that has claimed before
        statements.clear()
        assert isinstance(
            claim_postgresql.start(run.id, 1, "worker", NOON, timedelta(seconds=15)), claimed.Claimed
        )
    [(statement, values)] = statements
    with transaction.atomic(), server_bound_cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("ALTER TABLE schedules_run DROP CONSTRAINT schedules_run_pkey CASCADE")
        cursor.execute(f"EXPLAIN {statement}", values)
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "schedules_run run" in plan
    assert "run_waiting" not in plan
