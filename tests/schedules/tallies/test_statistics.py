"""Statistics of one agent are read from an index, however many agents its workspace has."""

import pytest
from django.db import connection

from schedules.tallies.agent_hours import statement
from schedules.tallies.periods import LONGEST, Period
from tests.factories import NOON, make_agent

pytestmark = pytest.mark.django_db

_HISTORY = """
INSERT INTO schedules_hourtally (workspace_id, agent_id, hour, state, reason, trigger, run_count)
SELECT %s, CASE number WHEN 1 THEN %s ELSE lpad(number::text, 26, '0') END,
    %s::timestamptz - hour * interval '1 hour', 'succeeded', '', 'cadence', 1
FROM generate_series(1, 200) AS number, generate_series(1, 100) AS hour
"""


@pytest.mark.postgresql
def test_hours_of_one_agent_are_found_without_a_look_at_the_others() -> None:
    agent = make_agent()
    with connection.cursor() as cursor:
        cursor.execute(_HISTORY, [agent.workspace_id, agent.id, NOON])
        cursor.execute("ANALYZE schedules_hourtally")
        question, values = statement(agent, Period(NOON - LONGEST, NOON))

        cursor.execute(f"EXPLAIN {question}", values)
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "using hour_tally_once on schedules_hourtally" in plan, plan
    [condition] = [line for line in plan.splitlines() if "Index Cond" in line]
    assert all(name in condition for name in ("workspace_id", "hour = ANY", "agent_id"))
