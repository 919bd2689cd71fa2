"""What has happened, ever: totals of the tallies, deltas that wait, and runs that are open, at one moment.

In one statement, and so no run is in two of them or in none: nothing that is counted ever falls.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from schedules.models import TallyDelta, TallyTotal
from schedules.tallies.columns import COUNTED, KEY, SUMMED

OPEN: Final = ("pending", "running")

_LABELS: Final = {
    "workspace": ("coalesce(workspace.name, CAST(counted.workspace_id AS varchar), '')", "workspace"),
    "agent": ("coalesce(agent.key, counted.agent_id, '')", "agent"),
}
_JOINS: Final = {
    "workspace": "LEFT JOIN schedules_workspace AS workspace ON workspace.id = counted.workspace_id",
    "agent": "LEFT JOIN schedules_agent AS agent ON agent.id = counted.agent_id",
}
_OPEN: Final = """
SELECT workspace_id, agent_id, state, '' AS reason,
    CASE WHEN fire_time IS NULL THEN CASE WHEN again_of = '' THEN 'manual' ELSE 'again' END
        WHEN is_misfire THEN 'late' ELSE 'cadence' END AS trigger, count(*) AS run_count{others}
FROM schedules_run WHERE state = '{state}' GROUP BY 1, 2, 3, 4, 5
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """Runs of one end (or still open: `state` is one of OPEN), one reason and one trigger.

    `labels`: the values of the labels that were asked for, in their order. `columns`: of a tally.
    """

    labels: tuple[str, ...]
    state: str
    reason: str
    trigger: str
    columns: dict[str, int]


def counted(labels: Collection[str]) -> list[Counted]:
    """Everything that was counted; by `workspace`, by `agent`, by both or by neither."""
    with connection.cursor() as cursor:
        cursor.execute(_statement(labels))
        return [_counted(row, len(labels)) for row in cursor.fetchall()]


def _counted(row: tuple[Any, ...], label_count: int) -> Counted:
    state, reason, trigger, *columns = row[label_count:]
    numbers = {name: int(number) for name, number in zip(COUNTED, columns, strict=True) if number is not None}
    return Counted(tuple(map(str, row[:label_count])), state, reason, trigger, numbers)


def _statement(labels: Collection[str]) -> str:
    keys, columns = ", ".join(KEY), ", ".join(COUNTED)
    others = "".join(f", CAST(NULL AS bigint) AS {name}" for name in COUNTED if name != "run_count")
    sources = [
        f"SELECT {keys}, {columns} FROM {TallyTotal._meta.db_table}",  # noqa: S608 - our own words
        f"SELECT {keys}, {', '.join(SUMMED.values())} FROM {TallyDelta._meta.db_table} GROUP BY {keys}",  # noqa: S608
    ]
    for state in OPEN:
        still_open = _OPEN.format(state=state, others=others)
        sources.append(f"SELECT {keys}, {columns} FROM ({still_open}) AS {state}")  # noqa: S608
    shown = [f"{words} AS {name}_label" for words, name in (_LABELS[label] for label in labels)]
    groups = [*(f"{label}_label" for label in labels), "state", "reason", "trigger"]
    sums = ", ".join(f"sum({name})" for name in COUNTED)
    return (
        f"SELECT {', '.join([*shown, 'state', 'reason', 'trigger'])}, {sums}"  # noqa: S608 - our own words
        f" FROM ({' UNION ALL '.join(sources)}) AS counted {' '.join(_JOINS[label] for label in labels)}"
        f" GROUP BY {', '.join(groups)} ORDER BY {', '.join(groups)}"
    )
