"""A Retry-After header is seconds or an HTTP date; everything else is ignored."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.runtimes.http.retry_after import LONGEST, retry_after

NOW = datetime(2026, 4, 15, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("1", 1),
        (" 120 ", 120),
        ("3600", 3600),
        ("3601", 3600),
        ("999999999", 3600),
        ("Wed, 15 Apr 2026 12:00:30 GMT", 30),
        ("Wed, 15 Apr 2026 14:00:30 +0200", 30),
        ("Wed, 15 Apr 2026 12:00:30 -0000", 30),
        ("Wednesday, 15-Apr-26 12:00:30 GMT", 30),
        ("Wed Apr 15 12:00:30 2026", 30),
        ("Thu, 15 Apr 2027 12:00:30 GMT", 3600),
    ],
)
def test_a_wish_is_honoured_up_to_an_hour(value: str, seconds: int) -> None:
    assert retry_after(value, NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "-1",
        "+5",
        "1.5",
        "1e3",
        "٣",
        "soon",
        "1 s",
        "9" * 5000,
        "Wed, 15 Apr 2026 11:59:59 GMT",
        "Wed, 99 Apr 2026 12:00:30 GMT",
        "Wed, 15 Apr 99999 12:00:30 GMT",
        "Wed, 15 Apr 2026 12:00:30 +9999",
    ],
)
def test_nonsense_and_the_past_are_ignored(value: str | None) -> None:
    assert retry_after(value, NOW) is None


@given(st.text() | st.from_regex(r"\w{3}, \d{1,3} \w{3} \d{1,6} \d+:\d+:\d+ [+-]?\w{1,5}"))
def test_whatever_comes_the_wait_stays_within_bounds(value: str) -> None:
    wait = retry_after(value, NOW)

    assert wait is None or timedelta(0) <= wait <= LONGEST
