"""Many agent calls in flight: the idle connections kept in workers/runtimes/http, beside httpcore's own pool."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpcore2

from bench.machinery_cost import Cost, Part, Variant
from bench.machinery_processes import Processes, cost_of
from bench.servers import Servers
from bench.slow_agent import SlowAgent, allow_many_sockets, slow_agent

OURS = Variant("our idle connections")
HTTPCORE = Variant("httpcore's own pool")


@contextmanager
def parts(servers: Servers, *, is_quick: bool) -> Iterator[list[Part]]:
    """A call, with a few and with a thousand in flight."""
    allow_many_sockets()
    with (
        slow_agent(servers.folder, 0) as instant,
        slow_agent(servers.folder, 2) as slow,
        ExitStack() as stack,
    ):
        few = _Calls(Processes(servers, stack), instant, 16, 100 if is_quick else 500)
        many = _Calls(Processes(servers, stack), slow, *((100, 100) if is_quick else (1_000, 1_000)))
        yield [
            Part(f"an agent call, {calls.in_flight:,} in flight", "µs", (OURS, HTTPCORE), calls.measure, 2)
            for calls in (few, many)
        ]


@dataclass
class _Calls:
    processes: Processes
    agent: SlowAgent
    in_flight: int
    count: int

    def measure(self, variant: Variant) -> Cost:
        """Microseconds of one call."""
        return cost_of(self.processes.of(variant, "calls", partial(self._arguments, variant)).do(self.count))

    def _arguments(self, variant: Variant) -> dict[str, object]:
        is_httpcore = variant == HTTPCORE
        return {"url": self.agent.url, "in_flight": self.in_flight, "is_httpcore": is_httpcore}


def caller(url: str, in_flight: int, *, is_httpcore: bool) -> Callable[[int], int]:
    """Makes so many calls from as many threads as may be in flight."""
    from tests.workers.runtimes.factories import make_call, make_endpoint, never
    from workers.runtimes import runtime_for
    from workers.runtimes.http import call as calls

    if is_httpcore:
        pool: Any = _Httpcore()
        vars(calls)["connections"] = lambda: pool
    runtime, agent_call, endpoint = (
        runtime_for("responses"),
        make_call(),
        make_endpoint(url, read=60, total=60),
    )
    threads = ThreadPoolExecutor(in_flight)

    def make(count: int) -> int:
        return len(list(threads.map(lambda _: runtime.call(agent_call, endpoint, never), range(count))))

    return make


class _Httpcore:
    """httpcore's pool behind the one method of our idle connections."""

    def __init__(self) -> None:
        from workers.runtimes.http import connections
        from workers.runtimes.http.sockets import LimitedBackend

        self._pool = httpcore2.ConnectionPool(
            ssl_context=httpcore2.default_ssl_context(),
            max_connections=None,
            max_keepalive_connections=connections.MAX_IDLE,
            keepalive_expiry=connections.KEEPALIVE_SECONDS,
            network_backend=LimitedBackend(),
        )

    @contextmanager
    def lend(self, _: httpcore2.Origin) -> Iterator[Any]:
        """The pool takes requests as a connection does."""
        yield self._pool
