"""Which time can be believed: what a clock shows, judged by the seconds that have passed on this host. Pure.

A clock that is suddenly ahead has leapt: the time before goes on until the clock is right again, or has stayed ahead
for so long that it is believed. A clock that steps back is believed at once: that fires nothing too early.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

LEAP: Final = timedelta(seconds=30)
"""A clock further ahead than this has leapt."""

DRIFT: Final = 0.001
"""So much of the time since a clock was last believed may lie between it and this host: two clocks' rates differ."""

SLOW_SECONDS: Final = 1.0
"""An answer that took longer says little about when the clock showed it; the process may have been stopped."""

EARLIEST: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""Older than this software: a clock that shows such a time was never set, and setting it is no leap."""


class Reading(NamedTuple):
    """What a clock showed, at some moment between two seconds of this host's steady clock."""

    shown_at: datetime
    asked: float
    answered: float

    @property
    def middle(self) -> float:
        """The likeliest moment."""
        return (self.asked + self.answered) / 2

    @property
    def is_slow(self) -> bool:
        """Whether the moment is known badly."""
        return self.answered - self.asked > SLOW_SECONDS


class Change(StrEnum):
    """What a reading has changed."""

    LEAPT = "leapt"
    RIGHT_AGAIN = "right_again"
    ACCEPTED = "accepted"
    STEPPED_BACK = "stepped_back"


@dataclass(frozen=True, slots=True)
class Leap:
    """A clock that is ahead, steadily, since a moment. `origin`: as Belief's."""

    origin: datetime
    since: float


@dataclass(frozen=True, slots=True)
class Belief:
    """`origin`: the trusted time when the steady clock showed zero. `judged`: when the clock was last believed."""

    origin: datetime
    judged: float
    leap: Leap | None = None

    def at(self, moment: float) -> datetime:
        """The trusted time at this second of the steady clock."""
        return self.origin + timedelta(seconds=moment)

    def latest(self, moment: float) -> datetime:
        """The latest time that a clock may show then without having leapt."""
        return self.at(moment) + LEAP + timedelta(seconds=max(0.0, moment - self.judged) * DRIFT)

    @property
    def ahead(self) -> timedelta:
        """How far the clock is ahead of the trusted time; zero unless it has leapt."""
        return self.leap.origin - self.origin if self.leap is not None else timedelta(0)


def first_belief(reading: Reading, ahead: timedelta = timedelta(0)) -> Belief:
    """What a process believes first: the clock, unless others know how far that is `ahead`."""
    origin = _origin(reading)
    leap = Leap(origin, reading.middle) if ahead > LEAP else None
    return Belief(origin - ahead if leap else origin, reading.middle, leap)


def revised(belief: Belief, reading: Reading, accept_after: timedelta) -> tuple[Belief, Change | None]:
    """The belief after a reading, and what that has changed.

    `accept_after`: how long a clock must have been steadily ahead until it is believed.
    """
    was_never_set = belief.at(reading.middle) < EARLIEST
    if reading.shown_at > belief.latest(reading.answered) and not was_never_set:
        return _ahead(belief, reading, accept_after)
    change = Change.RIGHT_AGAIN if belief.leap is not None else None
    if reading.is_slow:
        return replace(belief, leap=None), change
    if reading.shown_at < belief.at(reading.asked) - LEAP:
        change = Change.STEPPED_BACK
    return Belief(_origin(reading), reading.middle), change


def _ahead(belief: Belief, reading: Reading, accept_after: timedelta) -> tuple[Belief, Change | None]:
    leap, origin = belief.leap, _origin(reading)
    if leap is None or abs(origin - leap.origin) > LEAP:
        return replace(belief, leap=Leap(origin, reading.middle)), Change.LEAPT
    if reading.middle - leap.since >= accept_after.total_seconds() and not reading.is_slow:
        return Belief(origin, reading.middle), Change.ACCEPTED
    return belief, None


def _origin(reading: Reading) -> datetime:
    return reading.shown_at - timedelta(seconds=reading.middle)
