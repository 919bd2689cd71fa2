"""`parse` as its callers meet it: types, messages, arbitrary and hostile texts."""

from collections.abc import Callable
from datetime import UTC, datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.expressions import (
    MAX_LENGTH,
    MINIMUM_CADENCE,
    Cadence,
    InvalidExpression,
    parse,
    require_minimum_cadence,
)
from tests.counting import steps
from tests.expressions.strategies import often

TYPES = ("cron", "interval", "once")
NOW = datetime(2026, 4, 20, 10, tzinfo=UTC)


def refusal_of(kind: Any, text: Any) -> InvalidExpression:
    with pytest.raises(InvalidExpression) as refusal:
        require_minimum_cadence(parse(kind, text))
    return refusal.value


@pytest.mark.parametrize(
    ("kind", "text", "form"),
    [
        ("cron", "@every 1h", "interval"),
        ("cron", "@at 2099-05-01T09:00:00Z", "once"),
        ("interval", "0 0 9 * * *", "cron"),
        ("interval", "@daily", "cron"),
        ("interval", "@at 2099-05-01T09:00:00Z", "once"),
        ("once", "0 0 9 * * *", "cron"),
        ("once", "@every 1h", "interval"),
    ],
)
def test_type_and_form_must_agree(kind: str, text: str, form: str) -> None:
    refusal = refusal_of(kind, text)

    assert refusal.field == "expression"
    assert f"is of type {form}, not {kind}" in str(refusal)


@pytest.mark.parametrize("kind", ["", "CRON", "Cron", "weekly", "cron ", None, 5, [], {}, b"cron"])
def test_an_unknown_type_names_the_field_type(kind: Any) -> None:
    refusal = refusal_of(kind, "0 0 9 * * *")

    assert refusal.field == "type"
    assert str(refusal).startswith("type: ")
    assert parse(refusal.example, "0 0 9 * * *")


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("text", [None, 5, 1.5, True, [], {}, b"0 0 9 * * *"])
def test_an_expression_that_is_no_string_is_refused(kind: str, text: Any) -> None:
    assert refusal_of(kind, text).field == "expression"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *(
            ("cron", text)
            for text in ("", "0 9 * * *", "0 0 25 * * *", "@reboot", "0 0 9 30 feb *", "* * * * * *")
        ),
        *(("interval", text) for text in ("", "@every 1d", "@every 59m59s", "0 0 9 * * *")),
        *(
            ("once", text)
            for text in ("", "@at tomorrow", "@at 2099-02-30T09:00:00Z", "@at 2099-05-01T09:00:00+02:00")
        ),
        *((kind, "x" * (MAX_LENGTH + 1)) for kind in TYPES),
    ],
)
def test_every_message_names_the_field_and_shows_an_example_that_would_be_accepted(
    kind: str, text: str
) -> None:
    refusal = refusal_of(kind, text)

    assert refusal.field == "expression"
    assert str(refusal).startswith("expression: ")
    assert str(refusal).endswith(f"Valid example: {refusal.example}")
    example = parse(kind, refusal.example)
    require_minimum_cadence(example)
    assert example.next_after(NOW) is not None


@pytest.mark.parametrize("text", ["\x00\n\x1b[31m\ud800\u202e 0 9 * * *", "0 0 9 * * " + "z" * 900])
def test_a_message_quotes_a_text_short_and_escaped(text: str) -> None:
    message = str(refusal_of("cron", text))

    assert message.isprintable()
    assert len(message) < 300


@pytest.mark.parametrize(
    "text",
    ["0 0 9 * * *", "59 59 */1 * * *", "5,5,05 0,0 * * * *", "50/10 50-50 1,2 1 * mon", "@hourly", "@yearly"],
)
def test_one_second_and_one_minute_value_satisfy_the_hour_rule(text: str) -> None:
    require_minimum_cadence(parse("cron", text))


@pytest.mark.parametrize(
    "text", ["* * * * * *", "0,30 0 9 * * *", "0 0,30 9 * * *", "0 */30 * * * *", "0-1 0 9 1 1 *"]
)
def test_two_second_or_minute_values_break_the_hour_rule_even_once_a_year(text: str) -> None:
    with pytest.raises(InvalidExpression, match="one hour apart: give exactly one second and one minute"):
        require_minimum_cadence(parse("cron", text))


def test_an_interval_is_at_least_an_hour_to_the_nanosecond() -> None:
    assert MINIMUM_CADENCE.total_seconds() == 3600
    require_minimum_cadence(parse("interval", "@every 3600s"))
    with pytest.raises(InvalidExpression, match="at least one hour"):
        require_minimum_cadence(parse("interval", "@every 59m59.999999999s"))


def test_a_once_has_no_minimum_cadence() -> None:
    require_minimum_cadence(parse("once", "@at 2099-05-01T09:00:00Z"))


grammar_letters = st.text(alphabet="0123456789*?/-,+.@ \tevryathmsnu\N{MICRO SIGN}TZ:jfbwd", max_size=40)
valid = st.sampled_from(
    ["0 0 9 1-7/2 jan-mar mon,*/2", "@daily", "@every 1h30m0.5s", "@at 2099-05-01T09:00:00.25Z"]
)
damaged = st.builds(
    lambda text, at, letters, cut: text[:at] + letters + text[at + cut :],
    valid,
    st.integers(0, 30),
    st.text(max_size=2) | grammar_letters.map(lambda letters: letters[:2]),
    st.integers(0, 2),
)
any_text = st.text(max_size=60) | grammar_letters | damaged
any_instant = st.datetimes(timezones=st.just(UTC) | st.sampled_from([timezone.max, timezone.min]))


@often
@given(st.sampled_from(TYPES), any_text, any_instant)
def test_any_text_is_a_cadence_or_an_invalid_expression(kind: str, text: str, t: datetime) -> None:
    fire_time, message = None, ""
    try:
        fire_time = parse(kind, text).next_after(t)
    except InvalidExpression as refusal:
        message = str(refusal)

    assert message.isprintable()
    assert fire_time is None or fire_time > t


def repeated(pattern: str, length: int) -> str:
    return (pattern * length)[:length]


HOSTILE: list[tuple[str, Callable[[int], str]]] = [
    ("cron", lambda n: repeated("*", n)),
    ("cron", lambda n: repeated("* ", n)),
    ("cron", lambda n: repeated(",", n - 10) + " * * * * *"),
    ("cron", lambda n: repeated("1-9/1,", n - 11) + "1 * * * * *"),
    ("cron", lambda n: repeated("1-", n - 10) + " * * * * *"),
    ("cron", lambda n: "*/" + repeated("9", n - 12) + " * * * * *"),
    ("cron", lambda n: "0 0 0 31 2 " + repeated("*/9,", n)),
    ("cron", lambda n: "@" + repeated("daily", n)),
    ("cron", lambda n: repeated("\ud800", n)),
    ("interval", lambda n: "@every " + repeated("1h", n)),
    ("interval", lambda n: "@every " + repeated("9", n - 8) + "h"),
    ("interval", lambda n: "@every 1." + repeated("9", n - 10) + "h"),
    ("interval", lambda n: "@every " + repeated("1", n)),
    ("interval", lambda n: "@every " + repeated(".", n)),
    ("once", lambda n: "@at 2099-05-01T09:00:00." + repeated("9", n)),
    ("once", lambda n: "@at " + repeated("2099-", n)),
]


@pytest.mark.parametrize("length", [900, 10_000, 100_000])
@pytest.mark.parametrize(("kind", "make"), HOSTILE, ids=[make(24) for _, make in HOSTILE])
def test_a_hostile_text_costs_a_few_steps_a_character_and_beyond_the_limit_none(
    kind: str, make: Callable[[int], str], length: int
) -> None:
    text = make(length)

    work = steps(lambda: settle(kind, text))

    assert work < (20 * length if length <= MAX_LENGTH else 100)


def settle(kind: str, text: str) -> Cadence | None:
    """The cadence, or None when the text is refused."""
    try:
        return parse(kind, text)
    except InvalidExpression:
        return None


def test_a_text_is_accepted_up_to_the_length_limit_and_not_beyond() -> None:
    longest = "0 0 9 * * *".rjust(MAX_LENGTH)

    assert parse("cron", longest) == parse("cron", "0 0 9 * * *")
    assert f"at most {MAX_LENGTH}" in str(refusal_of("cron", " " + longest))


def test_a_year_of_hourly_fire_times_is_counted_in_a_few_steps_each() -> None:
    cadence = parse("cron", "@hourly")
    counted = []

    work = steps(lambda: counted.append(cadence.overdue(NOW, NOW.replace(year=2027)).missed_count))

    assert counted == [365 * 24]
    assert work < 100 * 365 * 24
