"""What was counted of one agent: the hours that are folded and the deltas that wait, at one moment.

In one statement, and so nothing that a beat folds meanwhile is in both or in neither.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from schedules.database.choice import is_postgresql
from schedules.models import Agent, HourTally, TallyDelta
from schedules.tallies.columns import COUNTED, SUMMED
from schedules.tallies.periods import DAY, HOUR, Period

_POSTGRESQL: Final = {
    HOUR: """to_char(hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24')""",
    DAY: """to_char(hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T00"')""",
}
_SQLITE: Final = {HOUR: "strftime('%%Y-%%m-%%dT%%H', hour)", DAY: "strftime('%%Y-%%m-%%dT00', hour)"}

_BETWEEN: Final = "hour >= %(first)s AND hour < %(end)s"
_EACH: Final = """hour = ANY (ARRAY(
    SELECT generate_series(%(first)s::timestamptz, %(end)s::timestamptz - interval '1 hour', interval '1 hour')))"""
"""The same hours one by one: of each the index finds the agent without a look at the workspace's others."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Runs of one step of a series, one end, one reason and one trigger. `columns`: of a tally, but for nulls."""

    step_at: datetime
    state: str
    reason: str
    trigger: str
    columns: dict[str, int]


def counted(agent: Agent, period: Period) -> list[Counted]:
    """Everything that was counted of an agent, in the steps of the period."""
    with connection.cursor() as cursor:
        cursor.execute(*statement(agent, period))
        return [_counted(row) for row in cursor.fetchall()]


def _counted(row: tuple[Any, ...]) -> Counted:
    step, state, reason, trigger, *numbers = row
    columns = {name: int(number) for name, number in zip(COUNTED, numbers, strict=True) if number is not None}
    return Counted(datetime.fromisoformat(f"{step}:00:00+00:00"), state, reason, trigger, columns)


def statement(agent: Agent, period: Period) -> tuple[str, dict[str, Any]]:
    """The question and its parameters."""
    workspace = HourTally._meta.get_field("workspace_id")
    return _question(period), {
        "workspace": workspace.get_db_prep_value(agent.workspace_id, connection),
        "agent": agent.id,
        "first": connection.ops.adapt_datetimefield_value(period.first),
        "end": connection.ops.adapt_datetimefield_value(period.end),
    }


def _question(period: Period) -> str:
    step = (_POSTGRESQL if is_postgresql() else _SQLITE)[period.step]
    hours = _EACH if is_postgresql() else _BETWEEN
    keys = f"{step} AS step, state, reason, trigger"
    theirs = "workspace_id = %(workspace)s AND agent_id = %(agent)s"
    sums = ", ".join(f"sum({name})" for name in COUNTED)
    return (
        f"SELECT step, state, reason, trigger, {sums} FROM ("  # noqa: S608 - our own words
        f"SELECT {keys}, {', '.join(COUNTED)} FROM {HourTally._meta.db_table} WHERE {theirs} AND {hours}"
        f" UNION ALL SELECT {keys}, {', '.join(SUMMED.values())} FROM {TallyDelta._meta.db_table}"
        f" WHERE {theirs} AND {_BETWEEN} GROUP BY step, state, reason, trigger"
        f") AS counted GROUP BY step, state, reason, trigger"
    )
