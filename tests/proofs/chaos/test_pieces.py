"""The harness's own pieces: plans, lines, and the clock that is stepped."""

import asyncio
import gc
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from orqsite.embedded.ports import LOOPBACK
from schedules.expressions import parse
from tests.proofs.chaos import campaign, plan
from tests.proofs.chaos.chance import seeded
from tests.proofs.chaos.clock import ServiceClock, Step
from tests.proofs.chaos.faults import Blow, Fault, Pace
from tests.proofs.chaos.proxy import Proxy
from tests.proofs.chaos.site import Site
from tests.proofs.chaos.weather import Done, Weather
from tests.proofs.chaos.world import World
from tests.waiting import wait_for

START = 1_800_000_000


def test_every_planned_schedule_first_fires_when_the_plan_says() -> None:
    for planned in plan.bulk(seeded(1), START, seconds=50, per_second=4):
        due_at = datetime.fromtimestamp(planned.due_at or 0, UTC)
        began_at = due_at - timedelta(hours=1) if planned.began_at else due_at - timedelta(seconds=50)

        cadence = parse(planned.type, planned.expression).anchored_at(began_at)

        assert cadence.next_after(began_at) == due_at


def test_the_same_seed_plans_the_same() -> None:
    first, again, other = (list(plan.bulk(seeded(seed), START, 20, 5)) for seed in (1, 1, 2))

    assert first == again
    assert first != other


def test_an_instant_that_a_step_jumps_over_is_shown_at_the_step() -> None:
    clock = ServiceClock("", [Step(100.0, 60.0), Step(200.0, 55.0)])

    shown = [clock.first_shown_at(instant) for instant in (90.0, 100.0, 130.0, 170.0, 258.0, 262.0)]

    assert shown == [90.0, 100.0, 100.0, 110.0, 198.0, 207.0]


def test_hours_ahead_is_in_the_part_of_an_hour_in_which_schedules_come_due() -> None:
    clock = ServiceClock("", busy=(time.time() - 5000, 200))

    clock.steps.append(Step(0, clock.seconds_to(hours=3, share=0.5)))

    begin, length = clock.busy
    assert clock.now == pytest.approx(begin + 4 * 3600 + length / 2, abs=1)


def weather_of(*faults: Fault) -> list[Done]:
    """What a moment of weather with these faults comes to; they need no world."""
    weather = Weather(cast("World", None), 1, Pace(gap=(0.01, 0.02)), dict.fromkeys(faults, 1))
    weather.begin()
    if faults:
        wait_for(lambda: weather.count >= 3)
    return weather.stop()


def test_a_fault_that_hit_nothing_does_not_count() -> None:
    def hits(blow: Blow) -> str:
        return "something"

    def misses(blow: Blow) -> None:
        return None

    assert {done.kind for done in weather_of(hits, misses)} == {"hits"}


def test_an_empty_deck_has_no_faults() -> None:
    assert weather_of() == []


@pytest.fixture
def echo_port() -> Iterator[int]:
    """A server that sends everything back, to one client at a time."""
    with socket.create_server((LOOPBACK, 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                with client, suppress(ConnectionResetError):
                    while piece := client.recv(100):
                        client.sendall(piece)

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def line(echo_port: int) -> Iterator[Proxy]:
    line = Proxy(echo_port)
    line.start()
    yield line
    line.stop()


def connect(line: Proxy) -> socket.socket:
    return socket.create_connection((LOOPBACK, line.port), timeout=5)


def test_a_held_line_passes_nothing_and_then_everything(line: Proxy) -> None:
    with connect(line) as client:
        client.sendall(b"before")
        assert client.recv(100) == b"before"

        line.hold()
        client.sendall(b"held")
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.recv(100)
        line.let_pass()
        client.settimeout(5)

        assert client.recv(100) == b"held"


def test_a_cut_line_ends_its_connections_and_takes_new_ones(line: Proxy) -> None:
    with connect(line) as client:
        client.sendall(b"before")
        assert client.recv(100) == b"before"

        line.cut()

        with pytest.raises(ConnectionResetError):
            client.recv(100)
    with connect(line) as client:
        client.sendall(b"after")
        assert client.recv(100) == b"after"


def test_a_line_that_is_stopped_leaves_no_task_behind(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server((LOOPBACK, 0), backlog=0) as deaf, ExitStack() as clients:
        line = Proxy(deaf.getsockname()[1])
        line.start()
        for _ in range(5):  # more than the server's queue holds: the last ones wait for a connection
            clients.enter_context(connect(line))
        wait_for(lambda: len(asyncio.all_tasks(line._loop)) >= 5)

        line.stop()

    left = asyncio.all_tasks(line._loop)
    gc.collect()  # asyncio tells of the others when they are thrown away
    assert (left, caplog.messages) == (set(), [])


class CalmSite:
    """Where nothing is open."""

    def open_count(self) -> int:
        return 0


def test_a_site_is_not_drained_before_its_last_instant_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "CALM_SECONDS", 0.1)
    last_due_at = time.time() + 0.6

    campaign.drained(cast("Site", CalmSite()), last_due_at, lambda line: None)

    assert time.time() > last_due_at
