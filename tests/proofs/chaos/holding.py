"""Somebody holds an agent again and again, and lets it go on; what the agent owes after that.

One person asks for one thing after the other, so what was asked between two requests came between them.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import inf
from random import Random

from tests.proofs.chaos import plan
from tests.proofs.chaos.history import Expected, Hold, Kind
from tests.proofs.chaos.site import Asked, Person
from tests.proofs.chaos.stories import TRIGGER_SECONDS

HELD_SECONDS = (2.0, 4.0)
SHOTS = 4
SHOT_AT = 0.25
AHEAD_SECONDS = 0.15
"""Beats look once a second. Runs are triggered after that part of one, and the agent is held so long before the first
is due: no beat discards them in between, so that claims must find the hold themselves."""

ROUND_SECONDS = 16.0
"""About how long one round takes; none begins later than so much before the end."""


def hold_of(paused: Asked, resumed: Asked) -> Hold:
    """What two requests come to. One without an answer may be carried out later: nothing is certain after it."""
    since = paused.answered_at if paused.is_done else inf
    is_certain = paused.is_done and resumed.is_done
    return Hold(since, resumed.sent_at, resumed.answered_at if is_certain else inf)


@dataclass
class Keeper:
    """Whoever holds the agent `plan.HELD`: `holds`, and the runs asked for meanwhile."""

    person: Person
    random: Random
    problems: list[str]
    """What should never have been answered, in words; shared with the stories."""
    holds: list[Hold] = field(default_factory=list)
    _asked_for: list[Expected] = field(default_factory=list)

    @property
    def triggered(self) -> list[Expected]:
        """The runs that were asked for; when one without an answer was made nobody knows: no hold is sure of it."""
        holds = tuple(self.holds)
        return [replace(one, holds=holds) if one.is_certain else one for one in self._asked_for]

    def keep(self, until: float) -> None:
        """Rounds up to that moment: a hold, and one more just before triggered runs come due.

        A request that is not answered, or refused, ends it.
        """
        while time.time() < until - ROUND_SECONDS:
            subjects = list(self._make_standing())
            if not (subjects and self._hold(subjects[0]) and self._hold_what_waits(subjects)):
                return

    def _make_standing(self) -> Iterator[str]:
        """Schedules of this round alone, so that a start says which trigger it is of."""
        for number in range(SHOTS):
            subject = f"held-{len(self.holds):03d}-triggered-{number}"
            planned = plan.standing(subject, plan.HELD, time.time())
            if self._noted("create", self.person.create(planned)).is_done:
                yield planned.subject

    def _hold_what_waits(self, subjects: list[str]) -> bool:
        """Runs are asked for, and held just before they start."""
        time.sleep((SHOT_AT - time.time()) % 1)
        for subject in subjects:
            self._expect(subject, self._noted("trigger", self.person.trigger(subject)))
        first_due_at = min(one.due_at for one in self._asked_for[-len(subjects) :])
        time.sleep(max(0.0, first_due_at - AHEAD_SECONDS - time.time()))
        return self._hold(subjects[0])

    def _hold(self, subject: str) -> bool:
        """Whether both requests were answered; meanwhile nothing of the agent can be run now."""
        paused = self._noted("hold", self.person.hold(plan.HELD))
        time.sleep(self.random.uniform(*HELD_SECONDS))
        if paused.is_done:
            self._trigger_in_vain(subject)
        resumed = self._noted("release", self.person.release(plan.HELD))
        self.holds.append(hold_of(paused, resumed))
        return paused.is_done and resumed.is_done

    def _trigger_in_vain(self, subject: str) -> None:
        asked = self.person.trigger(subject)
        if asked.is_done:
            self.problems.append(f"{subject}: a trigger was answered {asked.status} under a hold")
        if not asked.is_refused:
            self._expect(subject, replace(asked, status=None))

    def _expect(self, subject: str, asked: Asked) -> None:
        due_at = asked.sent_at + TRIGGER_SECONDS
        self._asked_for.append(Expected(subject, Kind.TRIGGER, due_at, is_certain=asked.is_done))

    def _noted(self, what: str, asked: Asked) -> Asked:
        if asked.is_refused:
            self.problems.append(f"{plan.HELD}: {what} was answered {asked.status}")
        return asked
