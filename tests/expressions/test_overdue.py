"""What has come due over any span: exactly what a walk finds, and no more work for a year than for a day."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import FrameType

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from schedules.expressions import Cadence, Cron, InvalidExpression, parse
from schedules.expressions.cadence import OverdueSpan, overdue_by_iteration
from tests.expressions.strategies import AWKWARD, fields, hourly_expressions, instants, often
from tests.expressions.test_tables import rows

NOW = datetime(2026, 4, 20, 10, 0, 0, tzinfo=UTC)

rare_expressions = st.tuples(*map(fields, (3, 4, 5))).map(lambda days: f"7 30 23 {' '.join(days)}")
weeks = st.integers(0, 5 * 86_400).map(lambda seconds: timedelta(seconds=4 * seconds))
centuries = st.integers(0, 60 * 366).map(lambda days: timedelta(days=days, seconds=days % 86_400))


def cadence_of(expression: str) -> Cron:
    try:
        cadence = parse("cron", expression)
    except InvalidExpression:
        assume(False)
    assert isinstance(cadence, Cron)
    return cadence


def walked(cadence: Cadence, first: datetime, now: datetime) -> OverdueSpan:
    return overdue_by_iteration(cadence.next_after, first, now)


@often
@given(hourly_expressions, instants, weeks)
@example("0 0 * * * *", NOW, timedelta(0))
def test_the_count_over_weeks_is_that_of_a_walk(expression: str, begin: datetime, span: timedelta) -> None:
    cadence = cadence_of(expression)
    first = cadence.next_after(begin)
    assume(first is not None and first <= begin + span)
    assert first is not None

    assert cadence.overdue(first, begin + span) == walked(cadence, first, begin + span)


@often
@given(rare_expressions, st.sampled_from(AWKWARD) | instants, centuries)
@example("7 30 23 29 2 *", datetime(2091, 1, 1, tzinfo=UTC), timedelta(days=20 * 366))
@example("7 30 23 29 2 mon", datetime(2091, 1, 1, tzinfo=UTC), timedelta(days=20 * 366))
def test_the_count_over_centuries_is_that_of_a_walk(
    expression: str, begin: datetime, span: timedelta
) -> None:
    cadence = cadence_of(expression)
    first = cadence.next_after(begin)
    assume(first is not None and first <= begin + span)
    assert first is not None
    # A walk of a hundred thousand steps for each example would take the gate's time for nothing.
    now = min(begin + span, first + timedelta(days=900)) if "*" in expression else begin + span

    assert cadence.overdue(first, now) == walked(cadence, first, now)


@often
@given(st.tuples(*(fields(index) for index in range(6))).map(" ".join), instants, st.integers(0, 300))
def test_the_count_of_every_grammar_is_that_of_a_walk(expression: str, begin: datetime, seconds: int) -> None:
    cadence = cadence_of(expression)
    first = cadence.next_after(begin)
    assume(first is not None)
    assert first is not None
    now = first + timedelta(seconds=seconds)

    assert cadence.overdue(first, now) == walked(cadence, first, now)


def test_the_count_is_that_of_a_walk_for_every_expression_of_the_table() -> None:
    table = [row for row in rows("cron_random.json") if row["next"]]

    for row in table:
        cadence = cadence_of(row["expr"])
        first = datetime.fromisoformat(row["next"]).astimezone(UTC)
        third = cadence.next_after(cadence.next_after(first) or first) or first
        for now in (first, third - datetime.resolution, third):
            assert cadence.overdue(first, now) == walked(cadence, first, now), row["expr"]


def test_nothing_is_overdue_before_its_time() -> None:
    with pytest.raises(ValueError, match="has not come"):
        parse("cron", "@hourly").overdue(NOW, NOW - timedelta(seconds=1))


def test_two_thousand_years_of_hours_are_counted_to_the_last() -> None:
    first, now = datetime(1, 1, 1, tzinfo=UTC), datetime(2001, 1, 1, tzinfo=UTC)

    overdue = parse("cron", "@hourly").overdue(first, now)

    assert overdue == OverdueSpan(now, 24 * 2000 * 36525 // 100 - 24 * 15, now - timedelta(hours=1))


@pytest.mark.parametrize("expression", ["@hourly", "0 30 */2 1-7 * mon", "0 0 9 * feb *"])
def test_a_year_is_no_more_work_than_a_day(expression: str) -> None:
    cadence = parse("cron", expression)
    first = cadence.next_after(NOW)
    assert first is not None

    a_day = calls_of(lambda: cadence.overdue(first, first + timedelta(days=1)))
    a_year = calls_of(lambda: cadence.overdue(first, first + timedelta(days=365)))
    all_time = calls_of(lambda: cadence.overdue(first, datetime(9999, 12, 31, tzinfo=UTC)))

    assert max(a_year, all_time) < 3 * a_day + 100


def calls_of(work: Callable[[], object], *, is_warm: bool = False) -> int:
    """How many Python calls the work is, once what it remembers is there; `is_warm`: it is already."""
    if not is_warm:
        work()
    count = 0

    def counting(_: FrameType, event: str, __: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counting)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count
