"""The lists of runs find what is rare without reading the history."""

import pytest
from django.db import connection, transaction

from schedules.models import Run, RunState

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
