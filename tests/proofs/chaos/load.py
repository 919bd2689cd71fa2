"""The load of one run: schedules made in bulk, a noisy neighbour's and a held agent's among them, and people."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from random import Random

from tests.proofs.chaos import plan
from tests.proofs.chaos.chance import seeded
from tests.proofs.chaos.history import Expected, Hold, Kind
from tests.proofs.chaos.holding import Keeper
from tests.proofs.chaos.site import Person, Planned, Site
from tests.proofs.chaos.stories import STORIES, Story, Teller

STORY_SHARE = 0.25
"""So much of the rate comes from people, the rest was planned beforehand."""

STARTS_PER_STORY = 0.9
LAST_STORY_SECONDS = 15.0
"""The longest story takes about that long; none begins later than so much before the end."""

TOGETHER = 100
"""Stories at once; each takes a thread."""


class Load:
    """What one run asks for, in [start, start + seconds)."""

    def __init__(
        self, random: Random, start: int, seconds: float, rate: float, story_share: float = STORY_SHARE
    ) -> None:
        """`rate`: starts a second, about; `story_share`: how much of it people ask for during the run."""
        self.start = start
        bulk = plan.bulk(random, start, seconds, rate * (1 - story_share))
        self.planned: list[Planned] = [
            *bulk,
            *plan.noise(start, seconds),
            *plan.held(start, seconds),
            *plan.refused(start, seconds),
        ]
        self._until = start + seconds
        self._has_people = story_share > 0
        self._begins = _begins(random, start, seconds, rate * story_share / STARTS_PER_STORY)
        self._told: list[Future[list[Expected]]] = []
        self._thread: threading.Thread | None = None
        self._problems: list[str] = []
        self._person: Person | None = None
        self._keeper: Keeper | None = None
        self._kept: Future[None] | None = None

    def make_bulk(self, site: Site) -> None:
        """Make what was planned beforehand."""
        site.load([*self.planned, plan.far(plan.POISONED, "quick-1", time.time())])

    def begin(self, person: Person) -> None:
        """Start telling the stories, each at its moment; returns at once."""
        self._person = person
        if self._has_people and person.can_hold:
            self._keeper = Keeper(person, seeded(f"holds {self.start}"), self._problems)
        self._thread = threading.Thread(target=self._tell, args=(person,), name="stories", daemon=True)
        self._thread.start()

    def finish(self) -> list[Expected]:
        """Wait for the last story; everything that people asked for."""
        assert self._thread is not None
        self._thread.join()
        if self._kept is not None:
            self._kept.result()
        triggered = self._keeper.triggered if self._keeper else []
        return [*triggered, *(expected for story in self._told for expected in story.result())]

    @property
    def holds(self) -> tuple[Hold, ...]:
        """When the agent `plan.HELD` was held."""
        return tuple(self._keeper.holds) if self._keeper else ()

    def bulk_until(self, until: float) -> list[Expected]:
        """What the schedules made beforehand owe up to that instant of the service's clock."""
        return [
            Expected(
                one.subject,
                Kind.CADENCE,
                instant,
                fire_time=instant,
                holds=self.holds if one.agent == plan.HELD else (),
            )
            for one in self.planned
            for instant in plan.instants(one, until)
        ]

    @property
    def problems(self) -> list[str]:
        """Answers that should never have come."""
        return self._problems + (self._person.problems if self._person else [])

    def _tell(self, person: Person) -> None:
        with ThreadPoolExecutor(TOGETHER) as pool:
            if self._keeper is not None:
                self._kept = pool.submit(self._keeper.keep, self._until)
            for number, (begins_at, seed, story) in enumerate(self._begins):
                time.sleep(max(0.0, begins_at - time.time()))
                teller = Teller(person, f"story-{number:06d}-{story.__name__}", seeded(seed), self._problems)
                self._told.append(pool.submit(story, teller))


def _begins(random: Random, start: int, seconds: float, per_second: float) -> list[tuple[float, int, Story]]:
    """When which story begins, and the seed of its chances."""
    span = max(1.0, seconds - LAST_STORY_SECONDS)
    count = round(span * per_second)
    moments = sorted(start + random.random() * span for _ in range(count))
    chosen = random.choices(list(STORIES), list(STORIES.values()), k=count)
    return [(moment, random.randrange(2**32), story) for moment, story in zip(moments, chosen, strict=True)]
