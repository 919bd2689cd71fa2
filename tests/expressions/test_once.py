"""Once: one RFC 3339 instant in UTC, and nothing after it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from schedules.expressions import InvalidExpression, Once, OverdueSpan, parse


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2099-05-01T09:00:00Z", "2099-05-01T09:00:00"),
        ("2099-05-01T09:00:00+00:00", "2099-05-01T09:00:00"),
        ("2099-05-01T09:00:00-00:00", "2099-05-01T09:00:00"),
        ("2099-05-01T09:00:00.25Z", "2099-05-01T09:00:00.250000"),
        ("2099-05-01T09:00:00.1234569999999999999999Z", "2099-05-01T09:00:00.123456"),
        ("2096-02-29T23:59:59Z", "2096-02-29T23:59:59"),
        ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00"),
    ],
)
def test_an_instant_in_utc_is_read_to_the_microsecond(text: str, expected: str) -> None:
    assert parse("once", f"@at {text}") == Once(at(expected))


@pytest.mark.parametrize(
    "text",
    [
        *("", "tomorrow", "1777626000", "2099-05-01", "2099-05-01T09:00Z", "2099-05-01T09:00:00"),
        *("2099-05-01t09:00:00Z", "2099-05-01T09:00:00z", "2099-05-01 09:00:00Z", " 2099-05-01T09:00:00Z"),
        *("2099-05-01T09:00:00Z ", "2099-05-01T09:00:00Z\n", "2099-05-01T09:00:00 Z", "2099-05-01T9:00:00Z"),
        *("2099-02-29T09:00:00Z", "2099-13-01T09:00:00Z", "2099-00-01T09:00:00Z", "2099-05-00T09:00:00Z"),
        *("2099-05-01T24:00:00Z", "2099-05-01T09:60:00Z", "2099-05-01T23:59:60Z", "0000-01-01T00:00:00Z"),
        *("10000-01-01T00:00:00Z", "+2099-05-01T09:00:00Z", "-2099-05-01T09:00:00Z", "99-05-01T09:00:00Z"),
        *(
            "2099-05-01T09:00:00.Z",
            "2099-05-01T09:00:00,5Z",
            "2099-05-01T09:00:00+0000",
            "2099-05-01T09:00:00+00",
        ),
        *(
            "2099-05-01T09:00:00+02:00",
            "2099-05-01T09:00:00-00:30",
            "2099-05-01T09:00:00+25:00",
            "\N{ARABIC-INDIC DIGIT TWO}099-05-01T09:00:00Z",
        ),
        *("20990501T090000Z", "2099-W18-5T09:00:00Z", "2099-05-01T09:00:00Z\x00", "2099-05-01T09:00:00UTC"),
    ],
)
def test_what_is_no_instant_in_utc_is_refused(text: str) -> None:
    with pytest.raises(InvalidExpression) as refusal:
        parse("once", f"@at {text}")

    assert refusal.value.field == "expression"


def test_another_offset_is_told_to_convert() -> None:
    with pytest.raises(InvalidExpression, match="not in UTC: convert the instant and end it with Z"):
        parse("once", "@at 2099-05-01T09:00:00+02:00")


def test_the_instant_fires_once_and_never_again() -> None:
    cadence = parse("once", "@at 2099-05-01T09:00:00.5Z")
    instant = at("2099-05-01T09:00:00.5")

    assert cadence.next_after(instant - timedelta(microseconds=1)) == instant
    assert cadence.next_after(instant) is None
    assert cadence.next_after(datetime(2099, 5, 1, 11, tzinfo=timezone(timedelta(hours=2)))) == instant
    assert cadence.anchored_at(at("2050-01-01")) is cadence
    assert cadence.overdue(instant, instant + timedelta(days=400)) == OverdueSpan(instant, 0, None)


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        parse("once", "@at 2099-05-01T09:00:00Z").next_after(datetime(2026, 4, 20))  # noqa: DTZ001 (on purpose)
