"""Cron: the grammar's corners, the day rule, the calendar's edges."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from schedules.expressions import Cron, InvalidExpression, parse


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def next_after(expression: str, t: str) -> datetime | None:
    return parse("cron", expression).next_after(at(t))


@pytest.mark.parametrize(
    ("expression", "same"),
    [
        ("05 0 9 * * *", "5 0 9 * * *"),
        ("+5 0 9 * * *", "5 0 9 * * *"),
        ("*-3 0 9 * * *", "* 0 9 * * *"),
        ("*-3/2 0 9 * * *", "*/2 0 9 * * *"),
        ("0 0 9 ? ? ?", "0 0 9 * * *"),
        ("0 0 9 */1 * *", "0 0 9 * * *"),
        ("0 0 9 *,5 * *", "0 0 9 * * *"),
        ("0 0 9 * JaN-mar SUN", "0 0 9 * 1-3 0"),
        ("0 0 ,9,, * * *", "0 0 9 * * *"),
        ("0 0 9,9,09 * * *", "0 0 9 * * *"),
        ("50/5 0 9 * * *", "50,55 0 9 * * *"),
        ("10/99 0 9 * * *", "10 0 9 * * *"),
        ("0 0 9-17/4 * * *", "0 0 9,13,17 * * *"),
        ("  0\t0  9 * * *\t", "0 0 9 * * *"),
        ("@yearly", "0 0 0 1 1 *"),
        ("@annually", "0 0 0 1 1 *"),
        ("@monthly", "0 0 0 1 * *"),
        ("@weekly", "0 0 0 * * sun"),
        ("@daily", "0 0 0 * * *"),
        ("@midnight", "0 0 0 * * *"),
        ("@hourly", "0 0 * * * *"),
    ],
)
def test_two_spellings_of_one_pattern_are_equal(expression: str, same: str) -> None:
    assert parse("cron", expression) == parse("cron", same)
    assert hash(parse("cron", expression)) == hash(parse("cron", same))


@pytest.mark.parametrize(
    "expression",
    [
        *("", " ", "0 9 * * *", "0 0 9 * * * *", "CRON_TZ=UTC 0 0 9 * * *", "TZ=UTC 0 9 * * *"),
        *(
            "0 0 9 , * *",
            "0 0 9 ,, * mon",
            "0 , 9 * * *",
            ", 0 9 * * *",
            "0 0 9 1- * *",
            "0 0 9 -1 * *",
            "0 0 9 1-2-3 * *",
            "0 0 9 1/ * *",
            "0 0 9 /2 * *",
        ),
        *(
            "0 0 9 1/2/3 * *",
            "0 0 9 */0 * *",
            "0 0 9 */-1 * *",
            "0 0 9 */x * *",
            "0 0 9 ** * *",
            "0 0 9 *5 * *",
        ),
        *("60 0 9 * * *", "0 60 9 * * *", "0 0 24 * * *", "0 0 9 32 * *", "0 0 9 0 * *", "0 0 9 * 13 *"),
        *("0 0 9 * * 7", "0 0 9 * * sat-sun", "0 0 9 * * monday", "0 0 9 * mon *", "0 0 9 * +jan *"),
        *(
            "0 0 9 L * *",
            "0 0 9 15W * *",
            "0 0 9 * * 5#2",
            "0 0 9 * * mon-xyz",
            "0 0 9 *-99 * *",
            "0 0 9 *- * *",
        ),
        *("@Daily", "@daily ", " @daily", "@reboot", "@", "@hourly 5"),
        *(
            "0 0 \N{ARABIC-INDIC DIGIT NINE} * * *",
            "0 0 \N{FULLWIDTH DIGIT NINE} * * *",
            "0 0 9\u00a0* * *",
            "0\n0 9 * * *",
            "0 0 9 * * *\n",
            "0\x0b0 9 * * *",
        ),
        *(
            "0 0 9 * * *\x00",
            "\ud8000 0 9 * * *",
            "0 0 1e1 * * *",
            "0 0 0x9 * * *",
            "0 0 1_0 * * *",
            "0 0 ++9 * * *",
        ),
    ],
)
def test_what_the_grammar_does_not_know_is_refused(expression: str) -> None:
    with pytest.raises(InvalidExpression) as refusal:
        parse("cron", expression)

    assert refusal.value.field == "expression"


@pytest.mark.parametrize("days", ["30 feb", "31 2,4,6,9,11", "30-31 Feb", "31/2 sep"])
def test_a_day_that_no_year_has_is_refused_at_once(days: str) -> None:
    with pytest.raises(InvalidExpression, match="never fires"):
        parse("cron", f"0 0 9 {days} *")


@pytest.mark.parametrize(
    ("day", "weekday", "expected"),
    [
        ("13", "fri", "2026-04-24"),  # no star: the 13th or a Friday
        ("22", "fri", "2026-04-22"),
        ("*", "fri", "2026-04-24"),  # a star: both, and the star matches every day
        ("?", "fri", "2026-04-24"),
        ("*/1", "fri", "2026-04-24"),
        ("13,*", "fri", "2026-04-24"),
        ("13", "*", "2026-05-13"),
        ("13", "fri,?", "2026-05-13"),
        ("*/2", "fri", "2026-04-21"),  # a star with a step is none: odd days or Fridays
        ("13", "*/2", "2026-04-21"),
        ("1-31", "fri", "2026-04-21"),
        ("13", "0-6", "2026-04-21"),
        ("*/2", "*", "2026-04-21"),
        ("1/2", "*/1", "2026-04-21"),
    ],
)
def test_day_of_month_and_weekday_both_matter_only_beside_a_star(
    day: str, weekday: str, expected: str
) -> None:
    monday_morning = "2026-04-20T10:00:00"

    assert next_after(f"0 0 9 {day} * {weekday}", monday_morning) == at(f"{expected}T09:00:00")


@pytest.mark.parametrize(
    ("t", "expected"),
    [
        ("2026-04-20T08:59:59.999999", "2026-04-20T09:00:00"),
        ("2026-04-20T09:00:00", "2026-04-21T09:00:00"),
        ("2026-04-20T09:00:00.000001", "2026-04-21T09:00:00"),
        ("2026-04-30T10:00:00", "2026-05-01T09:00:00"),
        ("2026-12-31T23:59:59", "2027-01-01T09:00:00"),
    ],
)
def test_a_fire_time_is_strictly_after_the_instant_asked_about(t: str, expected: str) -> None:
    assert next_after("0 0 9 * * *", t) == at(expected)


def test_each_field_carries_into_the_next() -> None:
    assert next_after("15,45 10,50 3,4 * * *", "2026-04-20T03:10:45") == at("2026-04-20T03:50:15")
    assert next_after("15,45 10,50 3,4 * * *", "2026-04-20T03:50:45") == at("2026-04-20T04:10:15")
    assert next_after("15,45 10,50 3,4 * * *", "2026-04-20T04:50:45") == at("2026-04-21T03:10:15")
    assert next_after("15 10 3 31 * *", "2026-03-31T03:10:15") == at("2026-05-31T03:10:15")


def test_the_search_ends_with_the_fifth_year_after() -> None:
    assert next_after("0 0 0 29 2 *", "2099-01-01T00:00:00") == at("2104-02-29T00:00:00")
    assert next_after("0 0 0 29 2 *", "2098-12-31T23:59:59") is None


def test_after_the_last_instant_there_is_no_fire_time() -> None:
    cadence = parse("cron", "0 0 9 * * *")
    beyond_utc = datetime.max.replace(tzinfo=timezone(-timedelta(hours=12)))
    before_utc = datetime.min.replace(tzinfo=timezone(timedelta(hours=12)))

    assert cadence.next_after(datetime.max.replace(tzinfo=UTC)) is None
    assert cadence.next_after(beyond_utc) is None
    assert cadence.next_after(before_utc) == at("0001-01-01T09:00:00")


def test_an_instant_of_another_zone_is_converted_and_a_naive_one_refused() -> None:
    cadence = parse("cron", "0 0 9 * * *")
    half_past_nine_in_utc = datetime(2026, 4, 20, 11, 30, tzinfo=timezone(timedelta(hours=2)))

    fire_time = cadence.next_after(half_past_nine_in_utc)

    assert fire_time == at("2026-04-21T09:00:00")
    assert fire_time is not None
    assert fire_time.tzinfo is UTC
    with pytest.raises(ValueError, match="time zone"):
        cadence.next_after(datetime(2026, 4, 20))  # noqa: DTZ001 (naive on purpose)


def test_a_cron_has_no_anchor_and_cannot_be_changed() -> None:
    cadence = parse("cron", "0 0 9 * * *")

    assert cadence.anchored_at(at("2026-04-20T10:00:00")) is cadence
    assert isinstance(cadence, Cron)
    with pytest.raises(AttributeError):
        cadence.second = cadence.minute  # type: ignore[misc]
