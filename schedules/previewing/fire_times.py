"""When would it fire? Answered for a stored schedule and for an expression that is not one yet; nothing changes.

Every preview is bounded: at most `limit` fire times are computed, each one by a search of a few years.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from schedules.editing import first_fire
from schedules.errors import InvalidRequest
from schedules.expressions import Cadence, ExpressionWarning, describe, parse, warnings_of
from schedules.models import Schedule


@dataclass(frozen=True, slots=True)
class Window:
    """Which fire times are wanted: the first `limit` from `begin` (included) to `end` (excluded), aware UTC.

    Without `begin` from now on, without `end` as far as the cadence goes.
    """

    begin: datetime | None
    end: datetime | None
    limit: int


@dataclass(frozen=True, slots=True)
class Preview:
    """The fire times, ascending, the cadence in words, and what to look at twice in its expression."""

    fire_times: list[datetime]
    description: str
    warnings: list[ExpressionWarning]


def preview_schedule(schedule: Schedule, window: Window, now: datetime) -> Preview:
    """The fire times that the schedule's current cadence describes, past ones too, none before it began.

    Of an inactive one: those it would have if it were resumed now.
    """
    begins_at = schedule.anchor_at if schedule.is_active else now
    cadence = parse(schedule.type, schedule.expression).anchored_at(begins_at)
    warnings = warnings_of(schedule.type, schedule.expression)
    return Preview(_fire_times(cadence, window, now, begins_at), describe(cadence), warnings)


def preview_expression(type_: str, expression: str, window: Window, now: datetime) -> Preview:
    """The fire times a schedule made where the window begins would have; an interval counts from there.

    InvalidExpression where a schedule made now would be refused.
    """
    first_fire(type_, expression, now)
    cadence = parse(type_, expression).anchored_at(window.begin or now)
    return Preview(_fire_times(cadence, window, now), describe(cadence), warnings_of(type_, expression))


def _fire_times(
    cadence: Cadence, window: Window, now: datetime, begins_at: datetime | None = None
) -> list[datetime]:
    begin = window.begin or now
    if window.end is not None and window.end <= begin:
        raise InvalidRequest("to must be after from (or after now, if from is absent)", param="to")
    before = begin - datetime.resolution
    if begins_at is not None and begins_at > before:
        before = begins_at
    return list(islice(_following(cadence, before, window.end), window.limit))


def _following(cadence: Cadence, after: datetime, end: datetime | None) -> Iterator[datetime]:
    fire_time = cadence.next_after(after)
    while fire_time is not None and (end is None or fire_time < end):
        yield fire_time
        fire_time = cadence.next_after(fire_time)
