"""Warnings: what is accepted, but looks as if something else had been meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.expressions import WarningCode, admit, warnings_of
from tests.expressions.dialects import eventbridge
from tests.expressions.strategies import hourly_expressions, often
from tests.expressions.test_mending import days, hours, minute, months, quartz_weekdays, same_on_many_days
from tests.expressions.test_parse import any_text
from tests.expressions.test_tables import is_accepted

FOREIGN, NUMBERS = WarningCode.FOREIGN_FIELDS, WarningCode.WEEKDAY_NUMBERS
EITHER, STEP = WarningCode.EITHER_DAY, WarningCode.STEP_BEYOND_FIELD


@pytest.mark.parametrize(
    ("expression", "code", "meant"),
    [
        ("0 2 * * ? *", FOREIGN, "0 0 2 * * *"),
        ("30 9 * * ? *", FOREIGN, "0 30 9 * * *"),
        ("0 2 ? * 2-6 *", FOREIGN, "0 0 2 * * mon-fri"),
        ("0 2 1 * ? *", FOREIGN, "0 0 2 1 * *"),
        ("0 0 ? * * *", FOREIGN, "0 0 0 * * *"),
        ("0 2 1 * ? 1", FOREIGN, None),
        ("0 0 9 ? * 2-6", NUMBERS, "0 0 9 * * mon-fri"),
        ("0 0 9 ? * 1", NUMBERS, "0 0 9 * * sun"),
        ("0 0 9 13 * fri", EITHER, None),
        ("0 0 9 1-7 * 1", EITHER, None),
        ("0 0 9 */2 * mon", EITHER, None),
        ("0 0 9 1-31 * mon", EITHER, "0 0 9 * * mon"),
        ("0 0 9 1 * 0-6", EITHER, "0 0 9 1 * *"),
        ("0 0 */48 * * *", STEP, None),
        ("0 */90 * * * *", STEP, None),
        ("0 0 9 */40 * *", STEP, None),
    ],
)
def test_what_was_probably_not_meant_has_one_warning(
    expression: str, code: WarningCode, meant: str | None
) -> None:
    [warning] = warnings_of("cron", expression)

    assert admit("cron", expression)
    assert (warning.code, warning.suggestion) == (code, meant)
    assert "this means" in warning.message


def test_the_warning_says_what_the_expression_means_here() -> None:
    [warning] = warnings_of("cron", "0 2 * * ? *")

    assert "every hour at minute 2, second 0 UTC" in warning.message
    assert "EventBridge" in warning.message


@pytest.mark.parametrize(
    "expression",
    [
        *(
            "0 0 9 * * mon-fri",
            "0 0 9 * * 1-5",
            "0 0 12 1 jan,jul ?",
            "0 0 9 ? * mon-fri",
            "0 0 9 ? * 0",
            "@daily",
        ),
        *(
            "0 0 5/5 * * *",
            "0 0 */24 * * *",
            "0 */60 * * * *",
            "0 0 9 */31 * *",
            "0 0 9 * * */7",
            "0 0 9 ? * *",
        ),
        *("0 0 9 *,5 * fri", "0 0 9 31 * *", "0 0 9 29 2 *", "0 0 9 * * ?", "0 0 9 */1 * mon"),
    ],
)
def test_what_people_write_on_purpose_has_none(expression: str) -> None:
    assert admit("cron", expression)
    assert warnings_of("cron", expression) == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("interval", "@every 24h"),
        ("once", "@at 2099-05-01T09:00:00Z"),
        ("cron", "no expression ? at all"),
        ("cron", "* * ? * ? *"),
    ],
)
def test_other_types_and_what_is_refused_have_none(kind: str, text: str) -> None:
    assert warnings_of(kind, text) == []


@often
@given(minute, hours, days, months, quartz_weekdays, st.booleans())
def test_what_is_suggested_for_foreign_fields_is_what_eventbridge_means(
    minute: str, hour: str, day: str, month: str, weekday: str, is_by_day: bool
) -> None:
    text = f"{minute} {hour} {day} {month} ? *" if is_by_day else f"{minute} {hour} ? {month} {weekday} *"

    suggestions = [each.suggestion for each in warnings_of("cron", text) if each.code is FOREIGN]

    assert len(suggestions) == is_accepted("cron", text)
    for suggestion in filter(None, suggestions):
        assert same_on_many_days(suggestion, eventbridge(text))


@often
@given(any_text | hourly_expressions)
def test_every_text_has_its_warnings_and_every_suggestion_is_accepted_without_that_warning(text: str) -> None:
    for warning in warnings_of("cron", text):
        assert warning.message.isprintable()
        if warning.suggestion is not None:
            assert admit("cron", warning.suggestion)
            assert warning.code not in {each.code for each in warnings_of("cron", warning.suggestion)}
