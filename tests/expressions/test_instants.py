"""One way to write an instant for programs, one for people."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from schedules.expressions.instants import for_people, read_instant, rfc3339

OSLO = datetime(2026, 6, 1, 14, 0, 0, tzinfo=timezone(timedelta(hours=2)))


def test_an_instant_is_written_in_utc_whatever_its_zone() -> None:
    assert rfc3339(OSLO) == rfc3339(OSLO.astimezone(UTC)) == "2026-06-01T12:00:00Z"
    assert for_people(OSLO) == for_people(OSLO.astimezone(UTC)) == "2026-06-01 12:00:00 UTC"


def test_programs_get_every_microsecond_and_people_only_if_asked_for() -> None:
    instant = OSLO + timedelta(microseconds=500_000)

    assert rfc3339(instant) == "2026-06-01T12:00:00.500000Z"
    assert for_people(instant) == "2026-06-01 12:00:00 UTC"
    assert for_people(instant, with_fraction=True) == "2026-06-01 12:00:00.5 UTC"
    assert for_people(OSLO, with_fraction=True) == "2026-06-01 12:00:00 UTC"


def test_an_early_year_has_four_digits() -> None:
    assert for_people(datetime(999, 1, 2, tzinfo=UTC)) == "0999-01-02 00:00:00 UTC"


def test_what_is_written_for_programs_is_read_back_exactly() -> None:
    instant = OSLO + timedelta(microseconds=123_456)

    assert read_instant(rfc3339(instant)) == instant


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        rfc3339(datetime(2026, 6, 1))  # noqa: DTZ001
