"""The judge: a correct history is clean, and every kind of defect put into one is found."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.proofs.chaos.histories import Fate, crowds, history_of, kept_subjects
from tests.proofs.chaos.history import End, Excused, Expected, History, Kind, Start
from tests.proofs.chaos.judging import judge
from tests.proofs.chaos.small_histories import DUE, defect_counts, once, start
from tests.proofs.chaos.verdicts import Defect


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


def test_nothing_at_all_is_clean() -> None:
    assert judge(History()).is_clean
