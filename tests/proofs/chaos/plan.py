"""What schedules a run has: the same for the same seed and beginning, whatever the site."""

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

from tests.proofs.chaos.site import Planned

AGENTS: dict[str, dict[str, Any]] = {
    # What each agent does when nothing is wrong with it: some are quick, some long enough to be hit in mid-call.
    "quick-1": {"delay": 0.02},
    "quick-2": {"delay": 0.05},
    "quick-3": {"delay": 0.1},
    "usual-1": {"delay": 0.3},
    "usual-2": {"delay": 0.5},
    "usual-3": {"delay": 0.8},
    "slow-1": {"delay": 2.0},
    "slow-2": {"delay": 3.0},
}
NEIGHBOUR = "noisy"
"""An agent of another workspace, whose slow calls come in a herd."""
HELD = "held"
"""An agent that somebody holds again and again; nothing else is wrong with it."""
REFUSING = "refusing"
"""An agent that refuses whatever it is sent: each of its runs fails, at the first attempt."""
REFUSING_PER_SECOND = 1
ALL_AGENTS = {**AGENTS, NEIGHBOUR: {"delay": 2.0}, HELD: {"delay": 0.1}, REFUSING: {"status": 400}}
HELD_PER_SECOND = 2
"""So many of its schedules come due in each second of the load."""
NOISE_PER_SECOND = 2
"""So many of the neighbour's runs for each second of the load, all due at once."""

POISONED = "poisoned"
"""The subject of a schedule that comes due in most of a year: its next fire is the one that is poisoned."""

HOUR = 3600.0
LONGEST_SECONDS = 3000.0
"""A run is shorter than the shortest cadence, so that an hourly schedule comes due once at most."""

HERD_EVERY_SECONDS = 10
HERD_SHARE = 0.2
"""So many of the schedules come due at the same few seconds."""


def bulk(random: Random, start: int, seconds: float, per_second: float) -> Iterator[Planned]:
    """Schedules that come due in [start, start + seconds), about so many per second."""
    for number in range(round(seconds * per_second)):
        due_at = start + random.randrange(max(1, round(seconds)))
        if random.random() < HERD_SHARE:
            due_at -= due_at % HERD_EVERY_SECONDS
        kind = random.choices(("once", "cron", "interval"), (5, 3, 2))[0]
        yield planned(f"bulk-{number:06d}", agent(random), kind, max(due_at, start))


def noise(start: int, seconds: float) -> Iterator[Planned]:
    """The neighbour's schedules: all come due when a third of [start, start + seconds) has passed."""
    for number in range(round(seconds * NOISE_PER_SECOND)):
        yield planned(f"noise-{number:06d}", NEIGHBOUR, "once", start + int(seconds / 3))


def held(start: int, seconds: float) -> Iterator[Planned]:
    """The held agent's schedules: some of each type come due in every few of [start, start + seconds)."""
    for number in range(int(seconds) * HELD_PER_SECOND):
        kind = ("once", "cron", "interval")[number % 3]
        yield planned(f"held-{number:06d}", HELD, kind, start + number // HELD_PER_SECOND)


def refused(start: int, seconds: float) -> Iterator[Planned]:
    """The refusing agent's schedules: one comes due in each second of [start, start + seconds)."""
    for number in range(int(seconds) * REFUSING_PER_SECOND):
        kind = ("once", "cron", "interval")[number % 3]
        yield planned(f"refused-{number:06d}", REFUSING, kind, start + number // REFUSING_PER_SECOND)


def instants(planned: Planned, until: float) -> Iterator[float]:
    """Its fire times from the first to `until`, that included; what is not `once` comes due every hour."""
    due_at = planned.due_at
    while due_at is not None and due_at <= until:
        yield due_at
        due_at = None if planned.type == "once" else due_at + HOUR


def far(subject: str, agent: str, now: float) -> Planned:
    """A schedule that comes due in most of a year; on sites that know only a time of day, in twelve hours."""
    day = _utc(now + (300 * 24 + 12) * HOUR)
    return Planned(subject, agent, "cron", f"0 0 {day.hour} {day.day} {day.month} *", None)


def planned(subject: str, agent: str, kind: str, due_at: int) -> Planned:
    """A schedule of this type that comes due then; an interval began an hour before."""
    if kind == "once":
        return Planned(subject, agent, kind, at(due_at), due_at)
    if kind == "cron":
        return Planned(subject, agent, kind, hourly(due_at), due_at)
    return Planned(subject, agent, kind, "@every 1h", due_at, began_at=due_at - HOUR)


def standing(subject: str, agent: str, now: float) -> Planned:
    """A schedule with no fire time near: only triggers start it."""
    return Planned(subject, agent, "cron", daily(now + 12 * HOUR), None)


def agent(random: Random) -> str:
    """One of the agents."""
    return random.choice(list(AGENTS))


def at(instant: float) -> str:
    """`@at` that second."""
    return f"@at {_utc(instant):%Y-%m-%dT%H:%M:%SZ}"


def hourly(instant: float) -> str:
    """The cron expression that names this second of every hour."""
    return f"{_utc(instant).second} {_utc(instant).minute} * * * *"


def daily(instant: float) -> str:
    """The cron expression that names this second of every day."""
    return f"{_utc(instant).second} {_utc(instant).minute} {_utc(instant).hour} * * *"


def _utc(instant: float) -> datetime:
    return datetime.fromtimestamp(instant, UTC)
