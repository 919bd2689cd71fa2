"""Cron against an oracle that steps: nothing is early, late, skipped or invented."""

from contextlib import nullcontext
from datetime import date, datetime, timedelta

import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st

from schedules.expressions import Cadence, InvalidExpression, parse
from tests.expressions.oracle import Oracle
from tests.expressions.strategies import cron_expressions, fields, hourly_expressions, instants, often, shifts

HORIZON = timedelta(minutes=70)


def parse_possible(expression: str) -> Cadence:
    """Skips the example if no year has such a day (a test of its own looks at those)."""
    try:
        return parse("cron", expression)
    except InvalidExpression:
        reject()


@often
@given(cron_expressions, instants)
def test_no_second_is_skipped_and_none_invented(expression: str, t: datetime) -> None:
    cadence = parse_possible(expression)

    fire_time = cadence.next_after(t)

    by_steps = Oracle(expression).next_by_seconds(t, HORIZON)
    if by_steps is None:
        assert fire_time is None or fire_time > t + HORIZON
    else:
        assert fire_time == by_steps


@often
@given(cron_expressions, instants)
def test_no_day_is_skipped_within_the_years_searched(expression: str, t: datetime) -> None:
    cadence = parse_possible(expression)

    assert cadence.next_after(t) == Oracle(expression).next_by_days(t)


@often
@given(st.tuples(fields(3), fields(4), fields(5)).map(" ".join))
def test_exactly_the_days_that_never_come_are_refused(days: str) -> None:
    expression = f"0 0 9 {days}"
    four_years = (date(2024, 1, 1) + timedelta(days=n) for n in range(366 + 3 * 365))
    ever_comes = any(map(Oracle(expression).matches_day, four_years))

    with nullcontext() if ever_comes else pytest.raises(InvalidExpression, match="never fires"):
        parse("cron", expression)


@often
@given(cron_expressions, instants, shifts)
def test_later_questions_never_have_earlier_answers(expression: str, t: datetime, shift: timedelta) -> None:
    cadence = parse_possible(expression)
    earlier, later = sorted((t, t + shift))

    first, second = cadence.next_after(earlier), cadence.next_after(later)

    if first is not None:
        assert first > earlier
        assert second is None or second >= first
        assert second == first or first <= later


@often
@given(hourly_expressions, instants)
def test_an_outage_is_counted_as_if_every_fire_time_had_been_walked(expression: str, now: datetime) -> None:
    cadence = parse_possible(expression)
    first = cadence.next_after(now - timedelta(days=20))
    assume(first is not None and first <= now)
    assert first is not None

    overdue = cadence.overdue(first, now)

    fire_times = list(filter(Oracle(expression).matches, hour_by_hour(first, now)))
    assert overdue.newest == fire_times[-1]
    assert overdue.missed_count == len(fire_times) - 1
    assert overdue.last_missed == (fire_times[-2] if len(fire_times) > 1 else None)


def hour_by_hour(first: datetime, now: datetime) -> list[datetime]:
    """Every instant an expression with one second and one minute could fire at."""
    return [first + timedelta(hours=n) for n in range((now - first) // timedelta(hours=1) + 1)]
