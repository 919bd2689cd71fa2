"""How long an agent asks to be left alone is read from seconds, milliseconds and dates; nonsense is ignored."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.runtimes.http.retry_after import MEASURABLE, retry_after

NOW = datetime(2026, 4, 15, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("0", timedelta(0)),
        ("1", timedelta(seconds=1)),
        (" 120 ", timedelta(minutes=2)),
        ("7200", timedelta(hours=2)),
        ("1.5", timedelta(seconds=1.5)),
        ("2.", timedelta(seconds=2)),
        ("0.0001", timedelta(milliseconds=1)),
        ("999999999", MEASURABLE),
        ("9" * 5000, MEASURABLE),
        ("Wed, 15 Apr 2026 12:00:30 GMT", timedelta(seconds=30)),
        ("Wed, 15 Apr 2026 14:00:30 +0200", timedelta(seconds=30)),
        ("Wed, 15 Apr 2026 12:00:30 -0000", timedelta(seconds=30)),
        ("Wednesday, 15-Apr-26 12:00:30 GMT", timedelta(seconds=30)),
        ("Wed Apr 15 12:00:30 2026", timedelta(seconds=30)),
        ("Thu, 15 Apr 2027 11:00:00 GMT", timedelta(days=365) - timedelta(hours=1)),
        ("Thu, 15 Apr 2100 12:00:30 GMT", MEASURABLE),
    ],
)
def test_a_wish_is_read(value: str, wait: timedelta) -> None:
    assert retry_after({"retry-after": value}, NOW) == wait


def test_milliseconds_are_believed_before_seconds() -> None:
    headers = {"retry-after-ms": "1250", "retry-after": "2"}

    assert retry_after(headers, NOW) == timedelta(milliseconds=1250)
    assert retry_after({**headers, "retry-after-ms": "soon"}, NOW) == timedelta(seconds=2)


def test_what_a_gateway_passes_on_from_upstream_is_believed_last() -> None:
    assert retry_after({"llm_provider-retry-after": "7"}, NOW) == timedelta(seconds=7)
    assert retry_after({"llm_provider-retry-after": "7", "retry-after": "3"}, NOW) == timedelta(seconds=3)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "-1",
        "+5",
        ".5",
        "1,5",
        "1e3",
        "٣",
        "inf",
        "nan",
        "soon",
        "1 s",
        "Wed, 15 Apr 2026 11:59:59 GMT",
        "Wed, 99 Apr 2026 12:00:30 GMT",
        "Wed, 15 Apr 99999 12:00:30 GMT",
        "Wed, 15 Apr 2026 12:00:30 +9999",
    ],
)
def test_nonsense_and_the_past_are_ignored(value: str | None) -> None:
    assert retry_after({} if value is None else {"retry-after": value}, NOW) is None


@given(
    st.text()
    | st.from_regex(r"\w{3}, \d{1,3} \w{3} \d{1,6} \d+:\d+:\d+ [+-]?\w{1,5}")
    | st.from_regex(r"\d*\.?\d*")
)
def test_whatever_comes_the_wait_stays_within_bounds(value: str) -> None:
    for name in ("retry-after", "retry-after-ms"):
        wait = retry_after({name: value}, NOW)

        assert wait is None or timedelta(0) <= wait <= MEASURABLE
