"""Whoever holds an agent knows when it was certainly held, and tells what should never have been answered."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import cast

import pytest

from tests.proofs.chaos import holding
from tests.proofs.chaos.chance import seeded
from tests.proofs.chaos.holding import Keeper, hold_of
from tests.proofs.chaos.site import Asked, Person, Planned

DONE, REFUSED = 200, 400


@dataclass
class Desk:
    """A person whose every request is answered at once, and as the site that this stands for would."""

    refuses_when_held: bool = True
    answers: dict[str, int | None] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    is_held: bool = False

    def create(self, planned: Planned) -> Asked:
        return self._answer("create", 201)

    def trigger(self, subject: str) -> Asked:
        return self._answer("trigger", REFUSED if self.is_held and self.refuses_when_held else DONE)

    def hold(self, agent: str) -> Asked:
        self.is_held = True
        return self._answer("hold", DONE)

    def release(self, agent: str) -> Asked:
        self.is_held = False
        return self._answer("release", DONE)

    def _answer(self, what: str, status: int) -> Asked:
        self.asked.append(what)
        now = time.time()
        return Asked(now, now, self.answers.get(what, status))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "HELD_SECONDS", (0.01, 0.02))
    monkeypatch.setattr(holding, "TRIGGER_SECONDS", 0.05)
    monkeypatch.setattr(holding, "AHEAD_SECONDS", 0.01)


def kept(desk: Desk) -> Keeper:
    """One round at this desk."""
    keeper = Keeper(cast("Person", desk), seeded(1), [])
    keeper.keep(time.time() + holding.ROUND_SECONDS + 0.02)
    return keeper


def test_a_round_holds_twice_and_the_triggered_runs_come_due_under_the_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(holding, "HELD_SECONDS", (1.0, 1.1))
    monkeypatch.setattr(holding, "TRIGGER_SECONDS", 0.6)
    monkeypatch.setattr(holding, "AHEAD_SECONDS", 0.4)

    keeper = kept(Desk())

    assert keeper.problems == []
    assert [hold.since < hold.until <= hold.over_by < inf for hold in keeper.holds] == [True, True]
    assert [one.is_held for one in keeper.triggered] == [True] * holding.SHOTS


def test_a_trigger_that_is_taken_under_a_hold_is_a_problem() -> None:
    keeper = kept(Desk(refuses_when_held=False))

    assert "held-000-triggered-0: a trigger was answered 200 under a hold" in keeper.problems


@pytest.mark.parametrize("what", ["create", "trigger", "hold", "release"])
def test_a_refusal_is_a_problem(what: str) -> None:
    keeper = kept(Desk(answers={what: 403}))

    assert f"held: {what} was answered 403" in keeper.problems


@pytest.mark.parametrize("what", ["hold", "release"])
def test_a_hold_without_an_answer_is_the_last_one_and_never_over(what: str) -> None:
    desk = Desk(answers={what: None})

    (hold,) = kept(desk).holds

    assert hold.over_by == inf
    assert desk.asked[-1] == "release"


def answered(status: int | None) -> Callable[[float, float], Asked]:
    return lambda sent_at, answered_at: Asked(sent_at, answered_at, status)


def test_a_hold_is_certain_from_its_answer_until_it_is_lifted() -> None:
    hold = hold_of(answered(DONE)(1, 3), answered(DONE)(7, 9))

    assert [moment for moment in range(10) if hold.has(moment)] == [4, 5, 6]
    assert [moment for moment in range(12) if not hold.may_stop(moment)] == [10, 11]


def test_a_hold_that_nobody_answered_is_certain_of_nothing() -> None:
    hold = hold_of(answered(None)(1, 3), answered(DONE)(7, 9))

    assert not any(hold.has(moment) for moment in range(10))
    assert hold.may_stop(1e9)


def test_of_a_run_whose_trigger_was_not_answered_nothing_is_certain() -> None:
    keeper = kept(Desk(answers={"trigger": None}))

    assert all(not one.is_certain and not one.holds for one in keeper.triggered)
