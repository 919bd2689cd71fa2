"""Faults one after the other: seeded, each written down with its time.

A fault that lasts (a stopped process, a held line) does so beside the next ones; only those that hurt the same
server wait for each other.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from tests.proofs.chaos.chance import seeded
from tests.proofs.chaos.decks import FAULTS
from tests.proofs.chaos.faults import Blow, Fault, Pace
from tests.proofs.chaos.world import World

TOGETHER = 20
"""Faults that last at once, at most; each takes a thread."""


@dataclass(frozen=True, slots=True)
class Done:
    """One fault that happened: of which kind, to what, from when until when it lasted."""

    kind: str
    target: str
    began_at: float
    ended_at: float

    def __str__(self) -> str:
        clock = datetime.fromtimestamp(self.began_at, UTC)
        lasted = self.ended_at - self.began_at
        return f"{clock:%H:%M:%S} UTC {self.kind.replace('_', ' ')}: {self.target}, {lasted:.1f} s"


class Weather:
    """Faults on a thread of its own, from `begin` to `stop`."""

    def __init__(
        self,
        world: World,
        seed: int,
        pace: Pace,
        deck: Mapping[Fault, int] | None = None,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        """`deck`: which faults, and how often each; None: all, {}: none. `say` gets a line for each."""
        self._world, self._pace = world, pace
        self._cards = _dealt(seeded(f"faults {seed}"), FAULTS if deck is None else deck)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._blow, name="weather", daemon=True)
        self._faults: list[Future[Done | None]] = []
        self._say = say

    def begin(self) -> None:
        """The first fault comes after the first gap."""
        self._thread.start()

    def stop(self) -> list[Done]:
        """No further fault; what lasts is waited for. Everything that hit something, oldest first."""
        self._stopping.set()
        self._thread.join()
        done = (fault.result() for fault in self._faults)
        return sorted((one for one in done if one), key=lambda done: done.began_at)

    @property
    def count(self) -> int:
        """How many hit something and are over."""
        return sum(fault.done() and fault.result() is not None for fault in self._faults)

    def _blow(self) -> None:
        with ThreadPoolExecutor(TOGETHER) as pool:
            for fault, seed in self._cards:
                random = seeded(seed)
                if self._stopping.wait(random.uniform(*self._pace.gap)):
                    return
                self._faults.append(pool.submit(self._do, fault, Blow(self._world, random, self._pace)))

    def _do(self, fault: Fault, blow: Blow) -> Done | None:
        began_at = time.time()
        target = fault(blow)
        if target is None:
            return None
        done = Done(fault.__name__, target, began_at, time.time())
        self._say(str(done))
        return done


def _dealt(random: Random, deck: Mapping[Fault, int]) -> Iterator[tuple[Fault, int]]:
    while deck:
        cards = [fault for fault, count in deck.items() for _ in range(count)]
        random.shuffle(cards)
        yield from ((card, random.randrange(2**32)) for card in cards)
