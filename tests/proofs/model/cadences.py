"""When the model's schedules are due: plain arithmetic and the slow cron oracle, no line of the judged code."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple

from tests.expressions.oracle import Oracle


class Expression(NamedTuple):
    """A schedule's type and expression."""

    type: str
    text: str


INTERVALS = {
    "@every 1h": timedelta(hours=1),
    "@every 1h30m": timedelta(minutes=90),
    "@every 1h0.25s": timedelta(hours=1, milliseconds=250),
}
CRONS = ("0 0 * * * *", "0 30 * * * *", "5 10 */2 * * *", "0 0 9 * * *")
RECURRING = (
    *(Expression("cron", text) for text in CRONS),
    *(Expression("interval", text) for text in INTERVALS),
)


def once_at(instant: datetime) -> Expression:
    """A once schedule's expression."""
    return Expression("once", f"@at {instant.isoformat().replace('+00:00', 'Z')}")


def next_after(expression: Expression, anchor: datetime, t: datetime) -> datetime | None:
    """The first instant after `t` that the expression describes when its cadence began at `anchor`."""
    if expression.type == "cron":
        return _oracle(expression.text).next_by_days(t)
    if expression.type == "once":
        instant = datetime.fromisoformat(expression.text.removeprefix("@at "))
        return instant if instant > t else None
    start, step = _to_the_second(anchor), INTERVALS[expression.text]
    return start + step * max(1, (t - start) // step + 1)


def instants(
    expression: Expression, anchor: datetime, after: datetime, through: datetime
) -> Iterator[datetime]:
    """All its instants in (after, through]."""
    instant = next_after(expression, anchor, after)
    while instant is not None and instant <= through:
        yield instant
        instant = next_after(expression, anchor, instant)


def _to_the_second(t: datetime) -> datetime:
    """The nearest second, a half rounded up."""
    return (t + timedelta(milliseconds=500)).replace(microsecond=0)


@cache
def _oracle(text: str) -> Oracle:
    return Oracle(text)
