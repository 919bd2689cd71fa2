"""The stock baseline works when nothing happens, and loses what it is known to lose: the judge sees both."""

import time
from collections.abc import Iterator

import pytest

from tests.proofs.chaos import plan
from tests.proofs.chaos.history import Expected, History, Kind
from tests.proofs.chaos.judging import judge
from tests.proofs.chaos.site import Planned
from tests.proofs.chaos.stock.site import Stock
from tests.proofs.chaos.verdicts import Defect
from tests.proofs.chaos.world import World
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.alone, pytest.mark.postgresql, pytest.mark.night]

AGENT = "quick-1"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World(Stock) as world:
        yield world


def triggered(world: World, prefix: str, count: int) -> list[Expected]:
    """Schedules made and triggered by a person."""
    person = world.site.person()
    for number in range(count):
        assert person.create(plan.standing(f"{prefix}-{number}", AGENT, time.time())).is_done
    asked = [person.trigger(f"{prefix}-{number}") for number in range(count)]
    assert all(one.is_done for one in asked)
    return [
        Expected(f"{prefix}-{number}", Kind.TRIGGER, one.sent_at + 10) for number, one in enumerate(asked)
    ]


def history_of(world: World, expected: list[Expected]) -> History:
    """What the witness saw of these."""
    subjects = {one.subject for one in expected}
    return History(expected, [start for start in world.witness.starts() if start.subject in subjects])


def test_every_schedule_and_trigger_starts_when_nothing_happens(world: World) -> None:
    due_at = int(time.time()) + 15
    planned: list[Planned] = [
        plan.planned(f"calm-{kind}-{number}", AGENT, kind, due_at)
        for kind in ("once", "cron", "interval")
        for number in range(4)
    ]
    world.site.load(planned)

    expected = [Expected(one.subject, Kind.CADENCE, due_at) for one in planned] + triggered(world, "calm", 4)
    wait_for(lambda: judge(history_of(world, expected)).count(Defect.LOST) == 0, 90, "every start")

    verdict = judge(history_of(world, expected))
    assert verdict.owed_count == len(expected) == 16
    assert verdict.count(Defect.EARLY) == verdict.count(Defect.STARTED_TWICE) == 0


def test_triggers_that_killed_workers_held_are_found_lost(world: World) -> None:
    expected = triggered(world, "killed", 6)
    wait_for(
        lambda: "6" in dict(world.site.closing_lines())["messages waiting, held"].split(", "),
        8,
        "held messages",
    )

    for name in world.names("worker"):
        world.kill(name)
    time.sleep(max(0.0, expected[-1].due_at - time.time()))
    wait_for(world.site.is_ready, 60, "the workers' next lives")
    after = triggered(world, "after", 1)
    wait_for(lambda: judge(history_of(world, after)).is_clean, 40, "work after the faults")

    assert judge(history_of(world, expected)).count(Defect.LOST) == 6
