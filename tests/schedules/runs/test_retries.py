"""What to do after a failed attempt."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.runs.retries import RetryPolicy, next_attempt_at
from tests.factories import NOON

POLICY = RetryPolicy(max_attempts=5, base=timedelta(seconds=10), cap=timedelta(seconds=60))


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 5), (2, 10), (3, 20), (4, 30)])
def test_the_wait_doubles_up_to_the_cap(attempt: int, seconds: int) -> None:
    assert next_attempt_at(POLICY, attempt, NOON, chance=0.0) == NOON + timedelta(seconds=seconds)


def test_the_last_attempt_has_no_next() -> None:
    assert next_attempt_at(POLICY, 5, NOON, chance=0.0) is None


def test_a_long_base_and_many_attempts_stay_at_the_cap() -> None:
    policy = RetryPolicy(max_attempts=100, base=timedelta(days=2), cap=timedelta(days=3))

    assert next_attempt_at(policy, 31, NOON, chance=0.0) == NOON + timedelta(days=1.5)


def test_retry_after_is_never_undercut() -> None:
    retry_after = timedelta(seconds=90)

    assert next_attempt_at(POLICY, 1, NOON, 0.5, retry_after=retry_after) == NOON + retry_after


def test_an_absurd_retry_after_is_cut() -> None:
    assert next_attempt_at(POLICY, 1, NOON, 0.5, timedelta(days=400)) == NOON + timedelta(hours=6)


def test_a_retry_after_just_below_the_cap_is_kept() -> None:
    retry_after = timedelta(hours=5, minutes=59)

    assert next_attempt_at(POLICY, 1, NOON, 0.5, retry_after) == NOON + retry_after


@given(attempt=st.integers(1, 10_000), chance=st.floats(0, 1, exclude_max=True))
def test_the_wait_stays_between_half_the_base_and_the_cap(attempt: int, chance: float) -> None:
    policy = RetryPolicy(max_attempts=100_000, base=timedelta(seconds=10), cap=timedelta(seconds=60))

    retry_at = next_attempt_at(policy, attempt, NOON, chance)

    assert retry_at is not None
    assert timedelta(seconds=5) <= retry_at - NOON <= timedelta(seconds=60)
