"""The judge: nothing that came due under a hold starts, and all of it is on record."""

from dataclasses import replace

import pytest

from tests.proofs.chaos.history import Excused, Expected, History, Hold
from tests.proofs.chaos.judging import judge
from tests.proofs.chaos.small_histories import DUE, defect_counts, once, start
from tests.proofs.chaos.verdicts import Defect

HELD = Hold(since=DUE, until=DUE + 10, over_by=DUE + 11)


def held(after: float, *holds: Hold) -> Expected:
    """An instant so many seconds after the hold had begun, of a schedule whose agent was held then."""
    return replace(once(DUE + after), holds=holds or (HELD,))


def paused(after: float, reason: str = "paused") -> Excused:
    return Excused("s", DUE + after, reason)


@pytest.mark.parametrize("reason", ["paused", "schedule_inactive"])
def test_an_instant_under_a_hold_is_on_record_and_does_not_start(reason: str) -> None:
    verdict = judge(History([held(5)], [], [paused(5, reason)]))

    assert verdict.is_clean
    assert (verdict.held_count, verdict.owed_count) == (1, 0)


@pytest.mark.parametrize("excuses", [[], [paused(5)], [paused(5, "schedule_inactive")]])
@pytest.mark.parametrize("at", [5.0, 9.0, 30.0])
def test_a_start_of_what_came_due_under_a_hold_is_found_during_it_and_after(
    at: float, excuses: list[Excused]
) -> None:
    verdict = judge(History([held(5)], [start(DUE + at)], excuses))

    assert defect_counts(verdict) == {Defect.HELD: 1}


@pytest.mark.parametrize("attempt", [1, 2])
def test_a_start_under_a_hold_of_what_came_due_before_it_is_found(attempt: int) -> None:
    before = [start(DUE - 1)] if attempt == 2 else []

    verdict = judge(History([held(-2)], [*before, start(DUE + 3, attempt=attempt)]))

    assert defect_counts(verdict) == {Defect.HELD: 1}


def test_an_instant_under_a_hold_that_no_record_knows_is_found() -> None:
    assert defect_counts(judge(History([held(5)]))) == {Defect.UNRECORDED: 1}


@pytest.mark.parametrize("reason", ["coalesced", "failed", "replaced"])
def test_an_instant_under_a_hold_with_another_reason_is_found(reason: str) -> None:
    assert defect_counts(judge(History([held(5)], [], [paused(5, reason)]))) == {Defect.UNFOUNDED: 1}


def test_an_instant_lost_after_the_hold_is_found_whatever_the_records_say() -> None:
    silent, said = judge(History([held(12)])), judge(History([held(12)], [], [paused(12)]))

    assert defect_counts(silent) == {Defect.LOST: 1}
    assert defect_counts(said) == {Defect.UNFOUNDED: 1}


@pytest.mark.parametrize("after", [-0.5, 10.5])
def test_an_instant_in_the_uncertain_seconds_may_start_or_be_on_record(after: float) -> None:
    assert judge(History([held(after)], [start(DUE + 11)])).is_clean
    assert judge(History([held(after)], [], [paused(after)])).is_clean
    assert defect_counts(judge(History([held(after)]))) == {Defect.LOST: 1}


def test_a_claim_just_before_the_hold_may_reach_the_agent_a_moment_after() -> None:
    assert judge(History([held(-0.1)], [start(DUE + 1.9)])).is_clean
    assert not judge(History([held(-0.1)], [start(DUE + 2.1)])).is_clean


def test_a_run_in_flight_when_the_hold_began_may_be_tried_again_after_it() -> None:
    assert judge(History([held(-1)], [start(DUE - 0.5), start(DUE + 10.5, attempt=2)])).is_clean


def test_each_of_several_holds_counts() -> None:
    later = Hold(DUE + 20, DUE + 30, DUE + 31)

    verdict = judge(History([held(25, HELD, later)], [start(DUE + 26)]))

    assert defect_counts(verdict) == {Defect.HELD: 1}
