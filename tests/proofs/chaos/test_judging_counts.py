"""The judge: lateness, and what is counted without being a defect."""

from dataclasses import replace

from tests.proofs.chaos.history import History
from tests.proofs.chaos.judging import Tolerance, judge
from tests.proofs.chaos.small_histories import DUE, once, start
from tests.proofs.chaos.verdicts import Defect


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
