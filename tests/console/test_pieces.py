"""The small parts: times in words, labels."""

from datetime import timedelta

import pytest

from schedules import lengths
from schedules.admin import cells
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
    assert lengths.length(timedelta(**length)) == words


def test_an_instant_is_told_from_now() -> None:
    assert lengths.relative(NOON + timedelta(hours=2), NOON) == "in 2 h"
    assert lengths.relative(NOON - timedelta(minutes=2), NOON) == "2 min ago"
    assert lengths.relative(NOON + timedelta(milliseconds=500), NOON) == "now"


def test_every_state_has_a_label() -> None:
    for state in RunState:
        assert state.value in cells.state(state)
