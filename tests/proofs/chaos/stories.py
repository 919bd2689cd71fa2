"""What people do while faults go on: short stories, each about one schedule of its own.

A story asks, waits and asks again, and tells what the service owes after that. It never looks at the service: what
a request asked for holds when it was answered, and may hold or not when it was not.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from random import Random

from tests.proofs.chaos import plan
from tests.proofs.chaos.history import Expected, Kind
from tests.proofs.chaos.site import Asked, Person, Planned

TRIGGER_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Teller:
    """Who tells a story: a person, the schedule's name, and chance."""

    person: Person
    subject: str
    random: Random
    problems: list[str] = field(default_factory=list)
    """What should never have been answered, in words; several tellers may share it."""

    def due_in(self, low: int, high: int) -> int:
        """A whole second that far from now."""
        return int(time.time()) + self.random.randint(low, high)

    def wait(self, low: float, high: float) -> None:
        """Do something else for a while."""
        time.sleep(self.random.uniform(low, high))

    def once(self, due_at: int) -> tuple[Planned, Asked]:
        """Make a schedule that comes due once."""
        return self._make(plan.planned(self.subject, self.agent, "once", due_at))

    def cron(self, due_at: int) -> tuple[Planned, Asked]:
        """Make an hourly schedule."""
        return self._make(plan.planned(self.subject, self.agent, "cron", due_at))

    def standing(self) -> tuple[Planned, Asked]:
        """Make a schedule that only triggers start."""
        return self._make(plan.standing(self.subject, self.agent, time.time()))

    def trigger(self) -> Asked:
        """Run it now."""
        return self._noted("trigger", self.person.trigger(self.subject))

    def move(self, type_: str, expression: str, due_at: float | None = None) -> Asked:
        """Give it another cadence; a once at `due_at` may be refused when that has passed."""
        asked = self.person.move(self.subject, type_, expression)
        return self._noted("move", asked, due_at if type_ == "once" else None)

    def reword(self, words: str) -> Asked:
        """Give it another payload."""
        return self._noted("reword", self.person.reword(self.subject, words))

    def pause(self) -> Asked:
        """No more firings."""
        return self._noted("pause", self.person.pause(self.subject))

    def resume(self) -> Asked:
        """Firings again."""
        return self._noted("resume", self.person.resume(self.subject))

    def delete(self) -> Asked:
        """Gone."""
        return self._noted("delete", self.person.delete(self.subject))

    @property
    def agent(self) -> str:
        """Any agent."""
        return plan.agent(self.random)

    def _make(self, planned: Planned) -> tuple[Planned, Asked]:
        over_at = planned.due_at if planned.type == "once" else None
        return planned, self._noted("create", self.person.create(planned), over_at)

    def _noted(self, what: str, asked: Asked, over_at: float | None = None) -> Asked:
        """Pass the answer on. A refusal is a problem, except a 400 once the instant asked for has passed."""
        is_over = over_at is not None and asked.status == 400 and asked.answered_at >= over_at
        if asked.is_refused and not is_over:
            self.problems.append(f"{self.subject}: {what} was answered {asked.status}")
        return asked


Story = Callable[[Teller], list[Expected]]


def fires_once(teller: Teller) -> list[Expected]:
    """A once schedule, made a few seconds before its instant."""
    return _fire_times(*teller.once(teller.due_in(3, 15)))


def is_triggered(teller: Teller) -> list[Expected]:
    """Run now, two times; both are owed."""
    _, made = teller.standing()
    if not made.is_done:
        return []
    triggers = [teller.trigger()]
    teller.wait(0.2, 3)
    triggers.append(teller.trigger())
    return _triggers(teller, triggers)


def is_triggered_and_stopped(teller: Teller) -> list[Expected]:
    """Run now, and before it starts (or just then) the schedule is moved, paused or deleted."""
    _, made = teller.standing()
    if not made.is_done:
        return []
    trigger = teller.trigger()
    teller.wait(1, 10.5)
    stop = teller.random.choice([_move_far, Teller.pause, Teller.delete])
    return withdrawn(_triggers(teller, [trigger]), stop(teller))


def _move_far(teller: Teller) -> Asked:
    return teller.move("cron", plan.daily(time.time() + 9 * plan.HOUR))


def is_moved(teller: Teller) -> list[Expected]:
    """An hourly schedule gets another second before its first comes."""
    planned, made = teller.cron(teller.due_in(8, 20))
    if not made.is_done:
        return _fire_times(planned, made)
    teller.wait(1, 9)
    due_at = teller.due_in(5, 12)
    kind, expression = teller.random.choice([("cron", plan.hourly(due_at)), ("once", plan.at(due_at))])
    moved = teller.move(kind, expression, due_at)
    then = Planned(teller.subject, planned.agent, kind, expression, due_at)
    return [*withdrawn(_fire_times(planned, made), moved), *_fire_times(then, moved)]


def is_reworded(teller: Teller) -> list[Expected]:
    """A new payload leaves the fire time where it was, and is sent when it was answered before that."""
    planned, made = teller.cron(teller.due_in(6, 12))
    if not made.is_done:
        return _fire_times(planned, made)
    teller.wait(0.5, 5)
    words = f"{teller.random.random()}"
    return reworded(_fire_times(planned, made), teller.reword(words), words)


def is_paused_and_resumed(teller: Teller) -> list[Expected]:
    """Paused before its fire time, and resumed: before it, so that it is owed again, or after it, when it is not."""
    planned, made = teller.cron(teller.due_in(6, 12))
    if not made.is_done:
        return _fire_times(planned, made)
    teller.wait(1, 3)
    owed = withdrawn(_fire_times(planned, made), teller.pause())
    teller.wait(1, 10)
    resumed = teller.resume()
    return [*owed, *_again(planned, resumed)]


def is_moved_when_over(teller: Teller) -> list[Expected]:
    """A once is moved just after its fire time, whether its run has started or not: the new instant is owed."""
    planned, made = teller.once(teller.due_in(4, 8))
    if not made.is_done or planned.due_at is None:
        return _fire_times(planned, made)
    time.sleep(max(0.0, planned.due_at + teller.random.uniform(0, 3) - time.time()))
    due_at = teller.due_in(5, 12)
    moved = teller.move("once", plan.at(due_at), due_at)
    then = Planned(teller.subject, planned.agent, "once", plan.at(due_at), due_at)
    return [*withdrawn(_fire_times(planned, made), moved), *_fire_times(then, moved)]


def is_deleted_when_due(teller: Teller) -> list[Expected]:
    """Deleted about when it comes due: it starts before the answer or never."""
    planned, made = teller.once(teller.due_in(4, 8))
    if not made.is_done or planned.due_at is None:
        return _fire_times(planned, made)
    time.sleep(max(0.0, planned.due_at + teller.random.uniform(-1, 1) - time.time()))
    return withdrawn(_fire_times(planned, made), teller.delete())


STORIES: dict[Story, int] = {
    fires_once: 5,
    is_triggered: 3,
    is_triggered_and_stopped: 4,
    is_moved: 3,
    is_reworded: 2,
    is_paused_and_resumed: 3,
    is_deleted_when_due: 2,
    is_moved_when_over: 2,
}
"""Each story with its weight."""


def _fire_times(planned: Planned, asked: Asked) -> list[Expected]:
    """The fire time that was asked for; a cadence whose answer came after it may have begun before it or not."""
    if planned.due_at is None or not (asked.is_done or asked.is_lost):
        return []
    is_certain = asked.is_done and (planned.type == "once" or asked.answered_at < planned.due_at)
    return [Expected(planned.subject, Kind.CADENCE, planned.due_at, is_certain=is_certain)]


def _again(planned: Planned, resumed: Asked) -> list[Expected]:
    """What resuming owes: nothing of the past."""
    if planned.due_at is None or resumed.sent_at >= planned.due_at:
        return []
    return _fire_times(planned, resumed)


def _triggers(teller: Teller, asked: Iterable[Asked]) -> list[Expected]:
    return [
        Expected(teller.subject, Kind.TRIGGER, one.sent_at + TRIGGER_SECONDS, is_certain=one.is_done)
        for one in asked
        if one.is_done or one.is_lost
    ]


def reworded(owed: Iterable[Expected], asked: Asked, words: str) -> list[Expected]:
    """What is owed after its words were changed: no run is claimed before it is due, so one due later says them."""
    return [
        replace(one, words=words) if asked.is_done and asked.answered_at < one.due_at else one for one in owed
    ]


def withdrawn(owed: Iterable[Expected], asked: Asked) -> list[Expected]:
    """What is owed still, or no more, after a request that takes it back."""
    return [_withdrawn(one, asked) for one in owed]


def _withdrawn(owed: Expected, asked: Asked) -> Expected:
    if asked.is_lost:
        return replace(owed, is_certain=False)
    return replace(owed, withdrawn_at=asked.answered_at) if asked.is_done else owed
