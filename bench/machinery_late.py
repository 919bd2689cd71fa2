"""Messages with a countdown, thousands at once: how long the garbage collector stops the worker that held them.

They ring for runs that do not exist: what Celery keeps of a message is the same, and the worker is soon done.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from bench.machinery_cost import ALL_ON, Cost, Part, Variant, without
from bench.machinery_runs import COUNTDOWN, put, worker
from bench.processes import cpu_seconds, memory_mib, wait_for
from bench.servers import Servers
from orqsite.broker import QUEUE
from schedules.database.ulids import new_ulids

NUMBER = 14
"""The broker of these workers."""
NEITHER = Variant("without eta_leak, gc_freeze", ("eta_leak", "gc_freeze"))
VARIANTS = (ALL_ON, *without("eta_leak", "gc_freeze"), NEITHER)


class _Held(NamedTuple):
    """Of one worker: seconds of each full collection, MiB it grew by, processor seconds."""

    collections: list[float]
    growth: float
    seconds: float


@dataclass
class _Late:
    servers: Servers
    count: int
    held: dict[Variant, list[_Held]] = field(default_factory=lambda: defaultdict(list))

    def message(self, variant: Variant) -> Cost:
        """Microseconds of a message."""
        held = self._hold(variant)
        self.held[variant].append(held)
        return Cost(held.seconds / self.count * 1e6)

    def longest(self, variant: Variant) -> Cost:
        """Milliseconds of the longest full collection, of the rounds before; all threads stand still in it."""
        rounds = self.held[variant]
        rounds.append(rounds.pop(0))
        return Cost(max(rounds[-1].collections, default=0.0) * 1000)

    def growth(self, variant: Variant) -> Cost:
        """MiB, of the rounds before."""
        return Cost(self.held[variant].pop(0).growth)

    def _hold(self, variant: Variant) -> _Held:
        notes = self.servers.folder / "collections"
        probe = ("--include", "bench.machinery_collections")
        watched = {"BENCH_COLLECTIONS": str(notes)}
        with worker(self.servers, variant, f"worker-{NUMBER}", NUMBER, *probe, env=watched) as child:
            self._ring(100)
            notes.write_text("")
            memory, used = memory_mib(child)[0], cpu_seconds(child)
            self._ring(self.count)
            seconds = [float(line) for line in notes.read_text().splitlines()]
            return _Held(seconds, memory_mib(child)[0] - memory, cpu_seconds(child) - used)

    def _ring(self, count: int) -> None:
        broker = self.servers.broker(NUMBER)
        put(broker, [(run_id, 1) for run_id in new_ulids(count)], COUNTDOWN)
        wait_for(lambda: not broker.exists(QUEUE, "unacked", "unacked_index"), 240, "the worker", pause=0.2)


@contextmanager
def parts(servers: Servers, *, is_quick: bool) -> Iterator[list[Part]]:
    """What a message costs that waited in the worker, and what the worker keeps of it."""
    late = _Late(servers, 1_000 if is_quick else 10_000)
    yield [
        Part("a message with a countdown", "µs", VARIANTS, late.message),
        Part("longest full garbage collection", "ms", VARIANTS, late.longest),
        Part("growth of the worker", "MiB", VARIANTS, late.growth),
    ]
