"""Lists of runs find what is rare without reading the history; a claim finds its run without reading a herd."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from schedules.database.cursors import server_bound_cursor
from schedules.limits.calls_in_flight import thread_count
from schedules.models import UNSUCCESSFUL_STATES, Run, RunState, Schedule, TriggerKind
from schedules.runs import claim_postgresql, claimed
from tests.factories import NOON, make_run, make_schedule

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]


def test_runs_that_did_not_succeed_come_from_their_own_index_in_the_lists_order() -> None:
    schedule = make_schedule()
    states = [state for state in UNSUCCESSFUL_STATES for _ in range(100)] + [RunState.SUCCEEDED] * 4_000
    Run.objects.bulk_create((_ended(schedule, state) for state in states), batch_size=1_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE schedules_run")  # else the plan depends on who looked at the table before

    plans = {
        state: Run.objects.filter(state=state).order_by("-id").values("id")[:50].explain()
        for state in UNSUCCESSFUL_STATES
    }

    assert {
        state for state, plan in plans.items() if "run_unsuccessful" not in plan or "Sort" in plan
    } == set()


def _ended(schedule: Schedule, state: RunState) -> Run:
    return Run(
        schedule=schedule,
        agent_id=schedule.agent_id,
        workspace_id=schedule.workspace_id,
        generation=schedule.generation,
        trigger=TriggerKind.MANUAL,
        not_before=NOON,
        redispatch_at=NOON,
        state=state,
    )


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
