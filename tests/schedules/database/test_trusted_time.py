"""The rule by which a clock is believed: plain arithmetic, with clocks that are numbers."""

from datetime import UTC, datetime, timedelta

import pytest

from schedules.database.trusted_time import LEAP, Belief, Change, Reading, first_belief, revised

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
YEAR = timedelta(days=365)
MINUTES = timedelta(minutes=5)


def reading(seconds: float, ahead: timedelta = timedelta(0), took: float = 0.0) -> Reading:
    """What a clock shows that many seconds after noon, when it is `ahead`; the steady clock began at noon."""
    return Reading(NOON + timedelta(seconds=seconds) + ahead, seconds - took / 2, seconds + took / 2)


def after(*readings: Reading, belief: Belief | None = None) -> tuple[Belief, list[Change | None]]:
    """The belief after all of them, and what each changed."""
    changes = []
    belief = belief or first_belief(reading(0))
    for each in readings:
        belief, change = revised(belief, each, MINUTES)
        changes.append(change)
    return belief, changes


def test_time_goes_on_between_two_readings() -> None:
    belief, changes = after(reading(10))

    assert belief.at(25) == NOON + timedelta(seconds=25)
    assert changes == [None]


@pytest.mark.parametrize("seconds", [-29, -1, 0.5, 29])
def test_a_small_step_is_followed(seconds: float) -> None:
    belief, changes = after(reading(10, timedelta(seconds=seconds)))

    assert belief.at(10) == NOON + timedelta(seconds=10 + seconds)
    assert changes == [None]


@pytest.mark.parametrize("ahead", [timedelta(seconds=31), timedelta(hours=1), YEAR, 50 * YEAR])
def test_a_leap_is_not_believed_and_time_goes_on(ahead: timedelta) -> None:
    belief, changes = after(reading(10, ahead), reading(20, ahead))

    assert belief.at(20) == NOON + timedelta(seconds=20)
    assert belief.ahead == ahead
    assert changes == [Change.LEAPT, None]


def test_a_leap_that_ends_leaves_nothing_behind() -> None:
    belief, changes = after(reading(10, YEAR), reading(22))

    assert belief == first_belief(reading(22))
    assert changes == [Change.LEAPT, Change.RIGHT_AGAIN]


def test_a_leap_is_believed_when_it_has_been_steady_for_long_enough() -> None:
    belief, changes = after(reading(10, YEAR), reading(309, YEAR), reading(310, YEAR))

    assert belief == first_belief(reading(310, YEAR))
    assert changes == [Change.LEAPT, None, Change.ACCEPTED]


def test_a_leap_that_goes_on_leaping_is_not_steady() -> None:
    leaps = [reading(minute * 60, YEAR + minute * timedelta(hours=1)) for minute in range(1, 30)]

    belief, changes = after(*leaps)

    assert belief.at(0) == NOON
    assert changes == [Change.LEAPT] * len(leaps)


def test_a_leap_that_comes_again_is_counted_anew() -> None:
    _, changes = after(reading(10, YEAR), reading(200), reading(201, YEAR), reading(320, YEAR))

    assert changes == [Change.LEAPT, Change.RIGHT_AGAIN, Change.LEAPT, None]


def test_a_step_back_is_believed_at_once() -> None:
    belief, changes = after(reading(10, -YEAR))

    assert belief.at(10) == NOON + timedelta(seconds=10) - YEAR
    assert changes == [Change.STEPPED_BACK]


def test_an_answer_after_a_long_stop_is_no_leap_and_moves_nothing() -> None:
    stopped = Reading(NOON + timedelta(seconds=10), 10, 100)

    belief, changes = after(stopped, reading(101))

    assert belief.at(101) == NOON + timedelta(seconds=101)
    assert changes == [None, None]


def test_a_leap_is_a_leap_however_slow_the_answer() -> None:
    _, changes = after(reading(50, YEAR, took=40))

    assert changes == [Change.LEAPT]


def test_clocks_that_drift_apart_while_nobody_looks_do_not_leap() -> None:
    week = timedelta(days=7).total_seconds()

    _, changes = after(reading(week, timedelta(minutes=5)))

    assert changes == [None]


def test_setting_a_clock_that_was_never_set_is_no_leap() -> None:
    began = first_belief(Reading(datetime(1970, 1, 1, tzinfo=UTC), 0, 0))

    belief, changes = after(reading(60), belief=began)

    assert belief.at(60) == NOON + timedelta(seconds=60)
    assert changes == [None]


def test_what_others_know_of_a_leap_is_known_from_the_first_reading() -> None:
    belief = first_belief(reading(0, YEAR), YEAR)

    assert (belief.at(5), belief.ahead) == (NOON + timedelta(seconds=5), YEAR)
    assert after(reading(5, YEAR), belief=belief)[1] == [None]
    assert after(reading(5), belief=belief)[1] == [Change.RIGHT_AGAIN]
    assert after(reading(300, YEAR), belief=belief)[1] == [Change.ACCEPTED]


def test_the_latest_plausible_time_is_the_leaps_bound() -> None:
    belief = first_belief(reading(0))

    assert belief.latest(10) == pytest.approx(NOON + timedelta(seconds=10) + LEAP, abs=timedelta(seconds=0.1))
