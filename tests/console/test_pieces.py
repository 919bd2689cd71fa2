"""The small parts: times in words, strict JSON, signatures."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from schedules.admin import cells, json_text, times
from schedules.models import RunState
from tests.factories import NOON


@pytest.mark.parametrize(
    ("length", "words"),
    [
        ({"milliseconds": 0}, "0 ms"),
        ({"milliseconds": 420}, "420 ms"),
        ({"seconds": 1}, "1 s"),
        ({"seconds": 12.34}, "12.3 s"),
        ({"minutes": 1}, "1 min"),
        ({"minutes": 5, "seconds": 10.9}, "5 min 10 s"),
        ({"hours": 3, "minutes": 20, "seconds": 59}, "3 h 20 min"),
        ({"hours": 1, "seconds": 5}, "1 h"),
        ({"days": 400, "hours": 4}, "400 d 4 h"),
        ({"minutes": -2}, "-2 min"),
    ],
)
def test_a_length_has_its_two_largest_units(length: dict[str, float], words: str) -> None:
    assert times.length(timedelta(**length)) == words


def test_an_instant_is_told_from_now() -> None:
    assert times.relative(NOON + timedelta(hours=2), NOON) == "in 2 h"
    assert times.relative(NOON - timedelta(minutes=2), NOON) == "2 min ago"
    assert times.relative(NOON + timedelta(milliseconds=500), NOON) == "now"


def test_an_instant_on_the_clock_is_in_utc() -> None:
    oslo = datetime(2026, 6, 1, 14, 0, 0, tzinfo=timezone(timedelta(hours=2)))

    assert times.absolute(oslo) == times.absolute(oslo.astimezone(UTC)) == "2026-06-01 12:00:00 UTC"


def test_every_state_has_a_label() -> None:
    for state in RunState:
        assert state.value in cells.state(state)


@pytest.mark.parametrize(
    "value", [{"a": [1, 2.5, None, True, "é 😀 \\u0000"]}, [], "text", 10**300, {"a": {"b": {}}}]
)
def test_json_is_read_as_it_is_written(value: Any) -> None:
    assert json_text.read(json_text.write(value)) == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "line 1, column 2"),
        ('{"a": 1,\n "a": 2}', "'a' is there twice"),
        ("[Infinity]", "Infinity"),
        ("[1e999]", "too large"),
        ('["a\\u0000"]', "NUL"),
        ('{"\\ud800": 1}', "surrogate"),
        ("[" * 100_000 + "]" * 100_000, "too deeply"),
        ("1" * 10_000, "too many digits"),
    ],
)
def test_json_that_not_every_part_can_keep_is_refused(text: str, says: str) -> None:
    with pytest.raises(json_text.NotJson, match=says):
        json_text.read(text)
