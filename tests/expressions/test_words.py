"""Cadences in words: what an operator reads must be what will happen."""

import pytest
from hypothesis import assume, given

from schedules.expressions import DESCRIPTORS, InvalidExpression, describe, parse
from tests.expressions.oracle import Oracle
from tests.expressions.strategies import cron_expressions, often

EVERY_HOUR = "every hour at minute 0, second 0 UTC"


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("0 0 9 * * mon-fri", "at 09:00:00 UTC, Monday to Friday"),
        ("0 0 9 * * *", "at 09:00:00 UTC, every day"),
        ("0 0 9 * * 0,6", "at 09:00:00 UTC, Saturday and Sunday"),
        ("0 0 9 * * fri,sat,sun", "at 09:00:00 UTC, Friday to Sunday"),
        ("0 0 9 * * mon,wed", "at 09:00:00 UTC, Monday and Wednesday"),
        ("5 30 7,12,19 * * *", "at 07:30:05, 12:30:05 and 19:30:05 UTC, every day"),
        ("5 4 1-20/3 * * *", "second 5, minute 4, hours 1, 4, 7, 10, 13, 16 and 19 UTC, every day"),
        ("0 0 8-18 * * 1-5", "second 0, minute 0, hours 8 to 18 UTC, Monday to Friday"),
        ("0 */30 * * * *", "second 0, minutes 0 and 30, every hour UTC"),
        ("* * * * * *", "every second, every minute, every hour UTC"),
        ("0 0 9 1 * *", "at 09:00:00 UTC, on day 1 of the month"),
        ("0 0 9 1,15 * *", "at 09:00:00 UTC, on days 1 and 15 of the month"),
        (
            "0 0 9 1-7 jan,mar-may *",
            "at 09:00:00 UTC, on days 1 to 7 of the month, only in January and March to May",
        ),
        ("0 0 * * * mon", f"{EVERY_HOUR}, Monday"),
        ("0 0 * * dec *", f"{EVERY_HOUR}, only in December"),
    ],
)
def test_a_cron_expression_reads_like_a_sentence(expression: str, words: str) -> None:
    assert describe(parse("cron", expression)) == words


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ("13 * fri", "on day 13 of the month or on Friday"),
        ("13 * mon-wed,sat", "on day 13 of the month or on Monday to Wednesday or Saturday"),
        ("*/16 * fri", "on days 1 and 17 of the month or on Friday"),
        ("* * fri", "Friday"),
        ("*/1 * fri", "Friday"),
        ("13,? * fri", "Friday"),
        ("13 * *", "on day 13 of the month"),
        ("13 * 0-6", "every day"),
        ("1-31 * fri", "every day"),
        ("*/16 * *", "on days 1 and 17 of the month"),
    ],
)
def test_the_day_rule_is_told_as_it_is(days: str, words: str) -> None:
    assert describe(parse("cron", f"0 0 9 {days}")) == f"at 09:00:00 UTC, {words}"


@often
@given(cron_expressions)
def test_words_promise_every_day_exactly_when_every_day_of_a_month_matches(expression: str) -> None:
    try:
        words = describe(parse("cron", expression))
    except InvalidExpression:
        assume(False)
    restricts_days = "month" in words or "day" in words.replace("every day", "")

    days = Oracle(expression).fields[3]
    weekdays = Oracle(expression).fields[5]

    needs_both = Oracle(expression).stars[3] or Oracle(expression).stars[5]
    is_any_day, is_any_weekday = len(days) == 31, len(weekdays) == 7
    is_daily = (is_any_day and is_any_weekday) if needs_both else (is_any_day or is_any_weekday)
    assert restricts_days is not is_daily
    assert (" or on " in words) is (not needs_both and not is_daily)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("@every 1h30m", "every 1 h 30 min"),
        ("@every 6h", "every 6 h"),
        ("@every 59m59.5s", "every 59 min 59.5 s"),
        ("@every 36h0.000000001s", "every 36 h 0.000000001 s"),
        ("@every 90000s", "every 25 h"),
        ("@every 10s", "every 10 s"),
    ],
)
def test_an_interval_is_told_in_hours_minutes_and_seconds(expression: str, words: str) -> None:
    assert describe(parse("interval", expression)) == words


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("@at 2099-05-01T09:00:00Z", "once at 2099-05-01 09:00:00 UTC"),
        ("@at 2099-05-01T09:00:00.250Z", "once at 2099-05-01 09:00:00.25 UTC"),
        ("@at 0999-05-01T09:00:00Z", "once at 0999-05-01 09:00:00 UTC"),
    ],
)
def test_a_once_is_told_as_its_instant(expression: str, words: str) -> None:
    assert describe(parse("once", expression)) == words


@pytest.mark.parametrize("descriptor", DESCRIPTORS)
def test_a_descriptor_is_told_as_what_it_means(descriptor: str) -> None:
    assert describe(parse("cron", descriptor)) == describe(parse("cron", DESCRIPTORS[descriptor]))


def test_a_cadence_of_another_make_is_not_guessed_at() -> None:
    with pytest.raises(TypeError):
        describe(object())  # type: ignore[arg-type]
