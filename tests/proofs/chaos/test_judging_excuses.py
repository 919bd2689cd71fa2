"""The judge: what on record excuses an instant that did not start, and what does not."""

import pytest

from tests.proofs.chaos.history import Excused, Expected, History, Kind, Start
from tests.proofs.chaos.judging import judge
from tests.proofs.chaos.small_histories import DUE, defect_counts, once, start
from tests.proofs.chaos.verdicts import Defect


@pytest.mark.parametrize("reason", ["coalesced", "missed"])
def test_an_instant_passed_over_for_a_newer_one_is_excused(reason: str) -> None:
    history = History([once(), once(DUE + 60)], [start(DUE + 61)], [Excused("s", DUE, reason)])

    assert judge(history).is_clean


def test_an_instant_passed_over_for_a_newer_one_that_came_much_later_is_found() -> None:
    history = History([once(), once(DUE + 61)], [start(DUE + 62)], [Excused("s", DUE, "coalesced")])

    assert defect_counts(judge(history)) == {Defect.UNFOUNDED: 1}


def test_an_instant_passed_over_for_a_newer_one_that_did_not_start_is_found() -> None:
    verdict = judge(History([once(), once(DUE + 60)], [], [Excused("s", DUE, "coalesced")]))

    assert defect_counts(verdict) == {Defect.UNFOUNDED: 1, Defect.LOST: 1}


@pytest.mark.parametrize("reason", ["coalesced", "paused", "deleted", "schedule_inactive", "unheard-of"])
def test_an_excuse_for_what_nobody_withdrew_is_found(reason: str) -> None:
    verdict = judge(History([once()], [], [Excused("s", DUE, reason)]))

    assert defect_counts(verdict) == {Defect.UNFOUNDED: 1}


@pytest.mark.parametrize("reason", ["coalesced", "paused", "replaced", "deleted"])
def test_an_excused_instant_that_started_after_all_is_found(reason: str) -> None:
    history = History([once(withdrawn_at=DUE + 9)], [start(DUE + 1)], [Excused("s", DUE, reason)])

    verdict = judge(history)

    assert defect_counts(verdict) == {Defect.CONTRADICTED: 1}


@pytest.mark.parametrize("reason", ["failed", "cancelled"])
@pytest.mark.parametrize("starts", [[], [start(DUE)], [start(DUE), start(DUE + 3, attempt=2)]])
def test_a_run_that_was_tried_in_vain_may_have_started_or_not(reason: str, starts: list[Start]) -> None:
    assert judge(History([once()], starts, [Excused("s", DUE, reason)])).is_clean


def test_a_trigger_is_excused_by_a_run_that_was_taken_a_moment_later() -> None:
    expected = Expected("s", Kind.TRIGGER, DUE)

    assert judge(History([expected], [], [Excused("s", DUE + 2.3, "failed")])).is_clean


def test_a_run_may_be_discarded_between_two_attempts() -> None:
    history = History([once(withdrawn_at=DUE + 9)], [start(DUE + 1)], [Excused("s", DUE, "schedule_deleted")])

    assert judge(history).is_clean


def test_the_excuse_of_another_instant_is_none() -> None:
    verdict = judge(History([once()], [], [Excused("s", DUE + 60, "failed")]))

    assert defect_counts(verdict) == {Defect.LOST: 1}


def test_one_excuse_does_not_excuse_two_instants() -> None:
    twice = [Expected("s", Kind.TRIGGER, DUE), Expected("s", Kind.TRIGGER, DUE + 1)]

    verdict = judge(History(twice, [], [Excused("s", DUE + 2, "failed")]))

    assert defect_counts(verdict) == {Defect.LOST: 1}


def test_the_excuse_of_a_cadence_that_was_changed_does_not_excuse_the_one_it_was_changed_back_to() -> None:
    both = [once(), once(withdrawn_at=DUE - 5)]

    verdict = judge(History(both, [], [Excused("s", DUE, "replaced")]))

    assert defect_counts(verdict) == {Defect.LOST: 1}


def test_a_run_goes_to_the_instant_that_had_to_start_rather_than_to_one_that_may() -> None:
    unsure = once(DUE - 1, is_certain=False)

    assert judge(History([unsure, once()], [start(DUE + 1)])).is_clean


def test_a_run_goes_to_an_instant_that_may_start_rather_than_to_one_that_cannot_have() -> None:
    passed_over, unsure = once(), once(DUE + 1, is_certain=False)

    assert judge(History([passed_over, unsure], [start(DUE + 5)], [Excused("s", DUE, "coalesced")])).is_clean
