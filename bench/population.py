"""Many schedules at once, written by SQL: a benchmark needs a million of them in seconds."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import connection, transaction

from schedules.models import Agent, CadenceEpoch, MissedFiring, NextFire, Run, Schedule, Workspace

_SCHEDULES = """
INSERT INTO schedules_schedule
    (id, workspace_id, agent_id, type, expression, payload, is_active, is_finished, generation, revision,
     anchor_at, trigger_count, created_by_id, created_at, updated_at)
SELECT lpad(number::text, 26, '0'), %(workspace)s, %(agent)s, 'cron',
       (%(expressions)s::text[])[1 + number %% %(kinds)s],
       '{"input": "Summarise the news"}', true, false, 1, 1,
       %(began_at)s, 0, 'bench', %(began_at)s, %(began_at)s
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS number
"""
_NEXT_FIRES = """
INSERT INTO schedules_nextfire (schedule_id, generation, type, expression, anchor_at, fire_time)
SELECT id, generation, type, expression, anchor_at, %(fire_time)s
FROM schedules_schedule
WHERE id BETWEEN lpad(%(first)s::text, 26, '0') AND lpad(%(last)s::text, 26, '0')
"""

_MODELS = (Run, MissedFiring, CadenceEpoch, NextFire, Schedule)
_CHUNK = 500
FAR = 100_000
"""Calls in flight; each claim counts them all the same."""


def make_agent(runtime: str = "echo", **fields: object) -> Agent:
    """An agent of a workspace of its own; alone on its workers, both may use all threads, up to a limit far away."""
    workspace = Workspace.objects.create(name="bench", max_in_flight=FAR)
    return Agent.objects.create(
        workspace=workspace, key="bench", runtime=runtime, max_in_flight=FAR, **fields
    )


def make_schedules(agent: Agent, count: int, fire_time: datetime, first: int = 1) -> None:
    """`count` active schedules with real hourly and daily cadences, due at `fire_time` (a whole second)."""
    expressions = expressions_due_at(fire_time)
    if connection.vendor != "postgresql":
        numbers = range(first, first + count)
        _create(
            (_schedule(agent, n, expressions[n % len(expressions)], fire_time), fire_time) for n in numbers
        )
        return
    values: dict[str, Any] = {
        "workspace": agent.workspace_id,
        "agent": agent.id,
        "expressions": expressions,
        "kinds": len(expressions),
        "began_at": fire_time - timedelta(days=1),
        "fire_time": fire_time,
        "first": first,
        "last": first + count - 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SCHEDULES, values)
        cursor.execute(_NEXT_FIRES, values)


def make_stream(agent: Agent, per_second: int, seconds: int, begins_at: datetime, first: int = 1) -> None:
    """Hourly schedules of which `per_second` come due each second, from `begins_at` (a whole second) on."""
    _create(
        (
            _schedule(
                agent, first + second * per_second + place, expressions_due_at(fire_time)[0], fire_time
            ),
            fire_time,
        )
        for second in range(seconds)
        for fire_time in [begins_at + timedelta(seconds=second)]
        for place in range(per_second)
    )


def make_due(ids: list[str], fire_time: datetime) -> None:
    """These schedules get an hourly cadence that is due then."""
    due = {"expression": expressions_due_at(fire_time)[0], "fire_time": fire_time}
    NextFire.objects.filter(schedule_id__in=ids).update(**due)


def schedule_id(number: int) -> str:
    """The id of the schedule of this number."""
    return str(number).zfill(26)


def _schedule(agent: Agent, number: int, expression: str, fire_time: datetime) -> Schedule:
    began_at = fire_time - timedelta(days=1)
    return Schedule(
        id=schedule_id(number),
        workspace_id=agent.workspace_id,
        agent=agent,
        type="cron",
        expression=expression,
        payload={"input": "Summarise the news"},
        anchor_at=began_at,
        created_by_id="bench",
        created_at=began_at,
        updated_at=began_at,
    )


def _create(schedules: Iterable[tuple[Schedule, datetime]]) -> None:
    """With their next fire times, in chunks, each a transaction: a beat that runs already must not wait."""
    waiting = iter(schedules)
    while chunk := list(islice(waiting, _CHUNK)):
        with transaction.atomic():
            Schedule.objects.bulk_create(schedule for schedule, _ in chunk)
            NextFire.objects.bulk_create(_next_fire(schedule, fire_time) for schedule, fire_time in chunk)


def _next_fire(schedule: Schedule, fire_time: datetime) -> NextFire:
    return NextFire(
        schedule=schedule,
        generation=schedule.generation,
        type=schedule.type,
        expression=schedule.expression,
        anchor_at=schedule.anchor_at,
        fire_time=fire_time,
    )


def expressions_due_at(instant: datetime) -> list[str]:
    """Cadences that all have a fire time at this instant: hourly, daily, on its weekday, weekdays … of real life."""
    second, minute, hour = instant.second, instant.minute, instant.hour
    weekday = instant.isoweekday() % 7
    return [
        f"{second} {minute} * * * *",
        f"{second} {minute} {hour} * * *",
        f"{second} {minute} {hour} * * {weekday}",
        f"{second} {minute} {hour} {instant.day} * *",
        f"{second} {minute} {hour % 2}-23/2 * * *",
    ]


def clear() -> None:
    """No schedule, run or missed record is left."""
    if connection.vendor != "postgresql":
        for model in _MODELS:
            model.objects.all().delete()
        return
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(model._meta.db_table for model in _MODELS)} CASCADE")


def settle() -> None:
    """Give the planner fresh statistics and the table a clean map, as a database that has lived a while has them."""
    statements = ("VACUUM ANALYZE", "CHECKPOINT") if connection.vendor == "postgresql" else ("ANALYZE",)
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
