"""What the page about expressions says is what the parser does."""

import re

import pytest

from schedules.expressions import (
    DESCRIPTORS,
    MINIMUM_CADENCE,
    InvalidExpression,
    WarningCode,
    admit,
    describe,
    parse,
    require_minimum_cadence,
    warnings_of,
)
from tests.docs.pages import tables, text_of

EXPRESSIONS = text_of("docs/expressions.md")
EXAMPLES, SUGGESTIONS, WARNINGS = tables(EXPRESSIONS)


@pytest.mark.parametrize(("type_", "expression", "fires"), EXAMPLES)
def test_every_example_is_accepted_and_fires_as_it_says(type_: str, expression: str, fires: str) -> None:
    cadence = parse(type_, expression)

    require_minimum_cadence(cadence)
    assert describe(cadence) == fires


def test_every_type_has_an_example() -> None:
    assert {type_ for type_, _, _ in EXAMPLES} == {"cron", "interval", "once"}


def test_the_descriptors_are_all_named_and_no_other() -> None:
    [line] = re.findall(r"^\* \*\*Descriptors\*\*: (.*)$", EXPRESSIONS, re.MULTILINE)

    assert re.findall(r"`(@\w+)`", line) == list(DESCRIPTORS)


def test_the_minimum_is_the_hour_it_says() -> None:
    assert MINIMUM_CADENCE.total_seconds() == 3600
    assert "at least 3600 s" in EXPRESSIONS


@pytest.mark.parametrize(
    ("type_", "expression"),
    [
        ("cron", "0 0 9 * * 7"),
        ("cron", "0 0 9 L * *"),
        ("cron", "0 0 9 * * * 2027"),
        ("cron", "TZ=UTC 0 0 9 * * *"),
        ("cron", "@Daily"),
        ("interval", "@every 1d"),
        ("once", "@at 2099-05-01T09:00:00+02:00"),
    ],
)
def test_what_it_says_there_is_not_is_refused(type_: str, expression: str) -> None:
    with pytest.raises(InvalidExpression):
        parse(type_, expression)


def test_the_day_rule_calls_the_right_things_a_star() -> None:
    def needs_both(day: str) -> bool:
        return "or on" not in describe(parse("cron", f"0 0 9 {day} * mon"))

    assert not needs_both("*/2")
    assert needs_both("*/1")
    assert not needs_both("13")


@pytest.mark.parametrize(("refused", "meant", "_why"), SUGGESTIONS)
def test_every_refusal_suggests_what_it_says(refused: str, meant: str, _why: str) -> None:
    first_word = meant.split()[0]
    type_ = {"@every": "interval", "@at": "once"}.get(first_word, "cron")

    with pytest.raises(InvalidExpression) as refusal:
        admit(type_, refused)

    assert refusal.value.suggestion == meant


@pytest.mark.parametrize(("code", "expression", "meaning", "suggestion"), WARNINGS)
def test_every_warning_is_given_as_it_says(code: str, expression: str, meaning: str, suggestion: str) -> None:
    [warning] = warnings_of("cron", expression)

    assert (warning.code, warning.suggestion) == (code, suggestion or None)
    assert describe(admit("cron", expression)) == meaning


def test_every_code_of_a_warning_has_an_example() -> None:
    assert {code for code, *_ in WARNINGS} == {code.value for code in WarningCode}
