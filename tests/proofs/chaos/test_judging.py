"""The judge: a correct history is clean, and every kind of defect put into one is found."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.proofs.chaos.histories import Fate, crowds, history_of, kept_subjects
from tests.proofs.chaos.history import End, Excused, Expected, History, Hold, Kind, Start
from tests.proofs.chaos.judging import Tolerance, judge
from tests.proofs.chaos.verdicts import Defect, Verdict

DUE = 1_000_000.0


def once(due_at: float = DUE, withdrawn_at: float | None = None, *, is_certain: bool = True) -> Expected:
    return Expected("s", Kind.CADENCE, due_at, withdrawn_at, is_certain)


def start(at: float, run_id: str = "r", attempt: int = 1) -> Start:
    return Start("s", run_id, attempt, at)


def defect_counts(verdict: Verdict) -> dict[Defect, int]:
    return {defect: count for defect, count in verdict.defect_counts.items() if count}


@given(target=kept_subjects(), crowd=crowds())
def test_a_correct_history_is_clean(target: list[Fate], crowd: list[Fate]) -> None:
    verdict = judge(history_of(target + crowd))

    assert verdict.is_clean, str(verdict)


@given(target=kept_subjects(), crowd=crowds(), data=st.data())
def test_a_run_that_never_started_is_found(
    target: list[Fate], crowd: list[Fate], data: st.DataObject
) -> None:
    dropped = data.draw(st.sampled_from(target))

    verdict = judge(history_of(without(target, dropped) + crowd))

    assert defect_counts(verdict)[Defect.LOST] == 1


@given(target=kept_subjects(), crowd=crowds(), data=st.data())
def test_an_attempt_that_started_twice_is_found(
    target: list[Fate], crowd: list[Fate], data: st.DataObject
) -> None:
    history = history_of(target + crowd)
    again = data.draw(st.sampled_from(history.starts))
    history.starts.append(replace(again, at=again.at + data.draw(st.sampled_from((0.0, 0.001, 7.0)))))

    verdict = judge(history)

    assert defect_counts(verdict)[Defect.STARTED_TWICE] == 1


@given(target=kept_subjects(), crowd=crowds(), data=st.data())
def test_a_run_too_many_is_found(target: list[Fate], crowd: list[Fate], data: st.DataObject) -> None:
    history = history_of(target + crowd)
    at = data.draw(st.sampled_from(target)).expected.due_at + data.draw(st.floats(-500, 500))
    history.starts.append(Start("kept", "one too many", 1, at))

    verdict = judge(history)

    assert defect_counts(verdict) == {Defect.EXTRA: 1}


@given(crowd=crowds(), at=st.floats(0, 2_000_000))
def test_a_run_of_a_schedule_that_nobody_made_is_found(crowd: list[Fate], at: float) -> None:
    history = history_of(crowd)
    history.starts.append(Start("nobody's", "r", 1, at))

    verdict = judge(history)

    assert defect_counts(verdict) == {Defect.EXTRA: 1}


@given(target=kept_subjects(), crowd=crowds(), seconds=st.floats(0.06, 1000))
def test_a_run_before_its_time_is_found(target: list[Fate], crowd: list[Fate], seconds: float) -> None:
    first = min(target, key=lambda fate: fate.expected.due_at)
    history = history_of(without(target, first) + crowd)
    history.starts.append(Start("kept", "hasty", 1, first.expected.due_at - seconds))

    counts = defect_counts(judge(history))

    assert counts in ({Defect.EARLY: 1}, {Defect.LOST: 1, Defect.EXTRA: 1})


@given(crowd=crowds(), life=st.floats(0, 30), late=st.floats(1.01, 60), is_retry=st.booleans())
def test_a_start_after_the_withdrawal_is_found(
    crowd: list[Fate], life: float, late: float, is_retry: bool
) -> None:
    history = history_of(crowd)
    history.expected.append(once(withdrawn_at=DUE + life))
    history.starts += [start(DUE)] if is_retry else []
    history.starts.append(start(DUE + life + late, attempt=2 if is_retry else 1))

    verdict = judge(history)

    assert defect_counts(verdict) == {Defect.STALE: 1}


@given(target=kept_subjects(), crowd=crowds(), data=st.data())
def test_a_run_that_no_agent_answered_to_the_end_is_found(
    target: list[Fate], crowd: list[Fate], data: st.DataObject
) -> None:
    history = history_of(target + crowd)
    run_id = data.draw(st.sampled_from(target)).starts[0].run_id
    history.starts = [
        replace(one, is_answered=False) if one.run_id == run_id else one for one in history.starts
    ]
    claimed = data.draw(st.booleans())
    history.ends = {run_id: End.SUCCEEDED} if claimed else {}

    verdict = judge(history)

    assert defect_counts(verdict) == {Defect.UNFINISHED: 1} | ({Defect.UNEARNED: 1} if claimed else {})


@given(target=kept_subjects(), crowd=crowds(), data=st.data())
def test_a_retry_with_another_body_is_found(
    target: list[Fate], crowd: list[Fate], data: st.DataObject
) -> None:
    history = history_of(target + crowd)
    first = data.draw(st.sampled_from(target)).starts[0]
    history.starts.append(replace(first, attempt=9, digest="another"))

    verdict = judge(history)

    assert defect_counts(verdict) == {Defect.BODY_CHANGED: 1}


@given(target=kept_subjects(), crowd=crowds(), data=st.data())
def test_an_old_payload_is_found(target: list[Fate], crowd: list[Fate], data: st.DataObject) -> None:
    history = history_of(crowd)
    for fate in target:  # one schedule each, so that the payloads name the runs
        history.expected.append(replace(fate.expected, subject=fate.starts[0].run_id, words="new"))
        history.starts += [replace(one, subject=one.run_id, words="new") for one in fate.starts]
    assert judge(history).is_clean
    run_id = data.draw(st.sampled_from(target)).starts[0].run_id
    history.starts = [replace(one, words="old") if one.run_id == run_id else one for one in history.starts]

    verdict = judge(history)

    assert defect_counts(verdict) == {Defect.OLD_PAYLOAD: 1}


@given(jumps=st.lists(st.integers(1, 5), min_size=1, max_size=4), data=st.data())
def test_one_late_run_for_each_jump_of_hours_is_clean_and_any_other_number_is_found(
    jumps: list[int], data: st.DataObject
) -> None:
    history = leaping(jumps)
    assert judge(history).is_clean
    victim = data.draw(st.sampled_from(history.starts))

    lost = judge(replace(history, starts=[one for one in history.starts if one is not victim]))
    doubled = judge(replace(history, starts=[*history.starts, replace(victim, run_id="again")]))

    assert defect_counts(lost)[Defect.LOST] == 1
    assert not doubled.is_clean


def leaping(jumps: list[int]) -> History:
    """An hourly schedule on a clock that jumps ahead by so many hours every 100 s: the newest runs, others do not."""
    history, hour = History(), 0
    for number, hours in enumerate(jumps):
        shown_at = DUE + 100 * number
        named = [DUE + 3600 * (hour := hour + 1) for _ in range(hours)]
        history.expected += [Expected("s", Kind.CADENCE, shown_at, fire_time=one) for one in named]
        history.excused += [Excused("s", one, "coalesced") for one in named[:-1]]
        history.starts.append(start(shown_at + 2, f"r{number}"))
    return history


def without(fates: list[Fate], dropped: Fate) -> list[Fate]:
    """The same with one instant's starts taken away."""
    return [replace(fate, starts=()) if fate is dropped else fate for fate in fates]


def test_a_lost_instant_and_a_run_too_many_do_not_cancel_each_other_out() -> None:
    history = History([once(), once(DUE + 100)], [start(DUE + 1, "a"), start(DUE + 2, "b")])

    verdict = judge(history)

    assert defect_counts(verdict) == {Defect.LOST: 1, Defect.EXTRA: 1}


def test_an_early_start_is_not_called_lost() -> None:
    verdict = judge(History([once()], [start(DUE - 0.5)]))

    assert defect_counts(verdict) == {Defect.EARLY: 1}


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


def test_a_run_that_its_agent_refused_to_the_last_needs_no_answer() -> None:
    tried = replace(start(DUE), is_answered=False)

    assert judge(History([once()], [tried], ends={"r": End.REFUSED})).is_clean
    assert defect_counts(judge(History([once()], [tried]))) == {Defect.UNFINISHED: 1}


def test_a_success_of_a_run_that_no_agent_ever_saw_is_found() -> None:
    verdict = judge(History([once(is_certain=False)], ends={"r": End.SUCCEEDED}))

    assert defect_counts(verdict) == {Defect.UNEARNED: 1}


def test_a_call_whose_body_never_came_changes_nothing() -> None:
    cut, whole = (
        replace(start(DUE), is_answered=False),
        replace(start(DUE, attempt=2), digest="a", words="new"),
    )

    assert judge(History([replace(once(), words="new")], [cut, whole])).is_clean


def test_lateness_is_told_apart_for_what_came_due_while_no_fault_lasted() -> None:
    starts = [start(DUE + 7, "during"), start(DUE + 101, "after")]

    verdict = judge(History([once(), once(DUE + 100)], starts, troubled=[(DUE - 1, DUE + 99)]))

    assert (verdict.lateness.count, verdict.lateness.longest) == (2, 7)
    assert (verdict.calm_lateness.count, verdict.calm_lateness.longest) == (1, 1)


def test_lateness_is_that_of_first_attempts_of_what_had_to_start() -> None:
    instants = [once(DUE + 100 * number) for number in range(10)]
    starts = [start(DUE + 100 * number + number, f"r{number}") for number in range(10)]
    retry = start(DUE + 950, "r9", attempt=2)
    unsure = replace(once(is_certain=False), subject="other")
    slow = replace(start(DUE + 500, "slow"), subject="other")

    lateness = judge(History([*instants, unsure], [*starts, retry, slow])).lateness

    assert (lateness.median, lateness.p99, lateness.longest) == (4, 9, 9)


def test_an_attempt_of_a_worker_that_woke_up_late_is_counted() -> None:
    woken = [start(DUE + 40, attempt=2), start(DUE + 50, attempt=1)]
    usual = [start(DUE + 60, "u"), start(DUE + 70, "u", attempt=2), start(DUE + 80, "u", attempt=3)]

    verdict = judge(History([once(), once(DUE + 60)], woken + usual))

    assert verdict.is_clean
    assert verdict.out_of_order_count == 1


def test_a_start_just_after_a_withdrawal_is_tolerated_and_counted() -> None:
    verdict = judge(History([once(withdrawn_at=DUE + 2)], [start(DUE + 2.5)]))

    assert verdict.is_clean
    assert verdict.after_withdrawal_count == 1


def test_a_tolerance_can_be_given() -> None:
    history = History([once()], [start(DUE - 5)])

    assert judge(history, Tolerance(early=5)).is_clean
    assert not judge(history, Tolerance(early=4.9)).is_clean


def test_the_verdict_says_in_words_what_it_found() -> None:
    history = History([once(DUE + number) for number in range(20)])

    verdict = judge(history, example_count=3)

    assert verdict.count(Defect.LOST) == 20
    assert len(verdict.examples) == 3
    assert "lost: s: the cadence at 1000000.000 never started" in str(verdict)
    assert "lost                                          20" in str(verdict)


def test_nothing_at_all_is_clean() -> None:
    assert judge(History()).is_clean


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
