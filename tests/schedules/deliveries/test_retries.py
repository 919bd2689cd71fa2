"""When a failed message is sent again: a pure rule."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from schedules.deliveries.retries import WAITS, next_attempt_at
from tests.factories import NOON


def test_there_are_ten_attempts_within_a_little_more_than_three_days() -> None:
    waits = [next_attempt_at(attempt, NOON, 0.5) for attempt in range(1, 11)]

    assert waits[-1] is None
    assert [wait - NOON for wait in waits if wait] == list(WAITS)
    assert timedelta(days=3) < sum(WAITS, timedelta()) < timedelta(days=4)


@given(attempt=st.integers(1, 9), chance=st.floats(0, 1, exclude_max=True))
def test_each_wait_is_spread_by_a_fifth(attempt: int, chance: float) -> None:
    again_at = next_attempt_at(attempt, NOON, chance)

    assert again_at is not None
    assert 0.8 <= (again_at - NOON) / WAITS[attempt - 1] <= 1.2


def test_a_wish_to_be_left_alone_is_granted_up_to_six_hours_and_never_shortens_a_wait() -> None:
    def wait(attempt: int, **wish: int) -> timedelta:
        again_at = next_attempt_at(attempt, NOON, 0.5, timedelta(**wish))
        assert again_at is not None
        return again_at - NOON

    assert wait(1, minutes=7) == timedelta(minutes=7)
    assert wait(1, days=30) == timedelta(hours=6)
    assert wait(9, seconds=1) == timedelta(hours=24)
