"""One chaos run from beginning to end: a world, its load, its faults, the calm after them, and the judgment."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import islice
from math import ceil
from pathlib import Path

from tests.proofs.chaos import lead, plan
from tests.proofs.chaos.chance import seeded
from tests.proofs.chaos.faults import Fault, Pace
from tests.proofs.chaos.history import Expected, History
from tests.proofs.chaos.judging import judge
from tests.proofs.chaos.limits import Limits
from tests.proofs.chaos.load import STORY_SHARE, Load
from tests.proofs.chaos.readiness import Readiness
from tests.proofs.chaos.site import Site, Surroundings
from tests.proofs.chaos.verdicts import Verdict
from tests.proofs.chaos.weather import Done, Weather
from tests.proofs.chaos.world import World

DRAIN_SECONDS = 180.0
CALM_SECONDS = 1.5
"""Nothing was open for so long: a message under way would have started something by now."""

AFTERMATH_SECONDS = 2.0
"""What comes due so soon after a fault came due during it."""

CLOCK_SPAN = 5.0
PROGRESS_SECONDS = 30.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Campaign:
    """What to run: seconds of load, starts a second (about), and the faults' pace and deck (None: all, {}: none)."""

    make_site: Callable[[Surroundings], Site]
    seed: int = 1
    seconds: float = 300.0
    rate: float = 30.0
    pace: Pace = field(default_factory=Pace)
    deck: dict[Fault, int] | None = None
    limits: Limits = field(default_factory=Limits)
    has_clock: bool = False
    """Whether the site's clock is stepped. Then nobody asks for anything during the run, because the moment of a
    request would be one of two; and instants lie up to CLOCK_SPAN times as far as the run is long."""

    def __post_init__(self) -> None:
        if not 20 <= self.span <= plan.LONGEST_SECONDS:
            raise ValueError(
                f"A run spans 20 to {plan.LONGEST_SECONDS:g} seconds; use several seeds for more."
            )

    @property
    def span(self) -> float:
        """Over how many seconds of the site's clock schedules come due."""
        return self.seconds * CLOCK_SPAN if self.has_clock else self.seconds


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run showed."""

    campaign: Campaign
    site_name: str
    faults: list[Done]
    back_at_work: dict[str, list[float]]
    deaths: dict[str, int]
    verdict: Verdict
    problems: list[str]
    closing_lines: list[tuple[str, str]]
    drain_seconds: float
    history: History

    @property
    def is_clean(self) -> bool:
        """Whether the judge, the limits and the service's own records agree that nothing went wrong."""
        return self.verdict.is_clean and not self.problems


def run(campaign: Campaign, say: Say = lambda line: None, keep: Path | None = None) -> Outcome:
    """Run it; `say` gets a line of progress now and then, the folder `keep` all logs."""
    with World(campaign.make_site, keep) as world:
        for agent, behaviour in plan.ALL_AGENTS.items():
            world.witness.script(agent, behaviour)
        load = _load(campaign, world, say)
        readiness = Readiness(world.site.ready_url)
        readiness.begin()
        faults = _stormy(campaign, world, load, say)
        readiness.stop()
        expected = _everything_asked(campaign, world, load)
        last_due_at = 0.0 if campaign.has_clock else max((one.due_at for one in expected), default=0.0)
        drain_seconds, undrained = drained(world.site, last_due_at, say)
        history = _history(world, expected, faults)
        verdict = judge(history)
        shortfalls = campaign.limits.shortfalls(verdict, campaign.rate * campaign.span)
        return Outcome(
            campaign=campaign,
            site_name=world.site.name,
            faults=faults,
            back_at_work=back_at_work(faults, history),
            deaths=world.deaths(),
            verdict=verdict,
            problems=[
                *undrained,
                *load.problems,
                *shortfalls,
                *readiness.problems(faults),
                *world.site.problems(),
            ],
            closing_lines=world.site.closing_lines(),
            drain_seconds=drain_seconds,
            history=history,
        )


def _load(campaign: Campaign, world: World, say: Say) -> Load:
    """The load, made; it begins when it is there, however long this busy machine takes for it."""
    say("everything runs")
    share = 0.0 if campaign.has_clock else STORY_SHARE
    count = round(campaign.span * campaign.rate * (1 - share))
    start = lead.start_for(world.site, count)
    load = Load(seeded(campaign.seed), start, campaign.span, campaign.rate, share)
    world.clock.busy = (start, campaign.span)
    load.make_bulk(world.site)
    say(f"{len(load.planned)} schedules made; begins in {lead.require_lead(start):.0f} s")
    return load


def _stormy(campaign: Campaign, world: World, load: Load, say: Say) -> list[Done]:
    weather = Weather(world, campaign.seed, campaign.pace, campaign.deck, say)
    _wait_until(load.start)
    load.begin(world.site.person())
    weather.begin()
    try:
        _watch(load.start, campaign.seconds, weather, say)
    finally:
        faults = weather.stop()
    say(f"{len(faults)} faults are over; waiting for the work to end")
    return faults


def _watch(start: int, seconds: float, weather: Weather, say: Say) -> None:
    while (left := start + seconds - time.time()) > 0:
        time.sleep(min(left, PROGRESS_SECONDS))
        say(f"{min(time.time() - start, seconds):.0f} of {seconds:g} s, {weather.count} faults")


def _everything_asked(campaign: Campaign, world: World, load: Load) -> list[Expected]:
    """What is owed in the end. A stepped clock passes the last instant of its hour into the calm after it."""
    asked, until = load.finish(), load.start + campaign.span
    if campaign.has_clock:
        until += 1 + max(0, ceil((world.clock.now - until - 1) / plan.HOUR)) * plan.HOUR
        world.clock.step(until - world.clock.now)
    shown = world.clock.first_shown_at
    return asked + [replace(one, due_at=shown(one.due_at)) for one in load.bulk_until(until)]


def _history(world: World, expected: list[Expected], faults: list[Done]) -> History:
    troubled = [(fault.began_at, fault.ended_at + AFTERMATH_SECONDS) for fault in faults]
    site = world.site
    return History(expected, world.witness.starts(), site.excused(), site.ends(), troubled)


def drained(site: Site, last_due_at: float, say: Say) -> tuple[float, list[str]]:
    """Seconds until nothing was open any more, and what is wrong when something stayed open.

    `last_due_at` (seconds, Unix time): until then something may still come due, however calm it is.
    """
    began_at = calm_since = time.monotonic()
    while time.monotonic() - began_at < DRAIN_SECONDS:
        if count := site.open_count():
            calm_since = time.monotonic()
        elif time.monotonic() - calm_since > CALM_SECONDS and time.time() > last_due_at + CALM_SECONDS:
            say("drained")
            return calm_since - began_at, []
        time.sleep(0.25)
    return DRAIN_SECONDS, [
        f"{count} run(s) or fire times still open {DRAIN_SECONDS:g} s after the last fault"
    ]


def back_at_work(faults: list[Done], history: History) -> dict[str, list[float]]:
    """Of each kind of fault: seconds from its beginning to the first start of something that came due after it.

    Only subjects with one instant count: of others a start does not say which instant it is of.
    """
    instants = Counter(one.subject for one in history.expected)
    due_at = {one.subject: one.due_at for one in history.expected if instants[one.subject] == 1}
    starts = [
        (start.at, due_at[start.subject])
        for start in sorted(history.starts, key=lambda start: start.at)
        if start.attempt == 1 and start.subject in due_at
    ]
    times: dict[str, list[float]] = {fault.kind: [] for fault in faults}
    for fault in faults:
        after = (at - fault.began_at for at, due in starts if due >= fault.began_at)
        times[fault.kind] += list(islice(after, 1))
    return times


def _wait_until(instant: float) -> None:
    time.sleep(max(0.0, instant - time.time()))
