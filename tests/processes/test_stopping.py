"""SIGTERM to a worker whose agent does not answer: another worker goes on, under the same key, and none is spent."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.agent_server import AgentServer, Behaviour
from tests.processes.databases import migrated_database
from tests.processes.service import WORKER, Service
from tests.processes.test_main_path import Agent, in_seconds, key_of
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.long, pytest.mark.postgresql]

STOP_SECONDS = 8
LEASE_SECONDS = 120
"""So long that nothing here can come from a lease that has ended."""

WORKING = Behaviour(outcome="in_progress")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Web, beat and worker; calls may go on for three seconds after the worker was asked to end."""
    folder: Path = tmp_path_factory.mktemp("stopping")
    redis_url = os.environ["REDIS_URL"].removesuffix("/0") + "/10"
    running = Service(folder, migrated_database("postgresql", folder), redis_url)
    running.environment |= {
        "ORQ_WORKER_STOP_SECONDS": str(STOP_SECONDS),
        "ORQ_LEASE_SECONDS": str(LEASE_SECONDS),
    }
    with running:
        yield running


@pytest.fixture
def replace_worker(service: Service) -> Iterator[Callable[[], float]]:
    """Ask the worker to end, and start another one meanwhile; when that was asked."""
    names = ["worker"]

    def replace() -> float:
        service.start("another", *WORKER, "--hostname=another@%h")
        names.append("another")
        wait_for(lambda: " ready" in service.log("another"), 60, "the other worker")
        asked_at = time.time()
        service.children["worker"].stop(STOP_SECONDS)
        assert service.children["worker"].process.returncode == 0, "it ended by itself, in time"
        return asked_at

    yield replace
    for name in names:
        service.children.pop(name).kill()
    (service.folder / "another.log").unlink()
    (service.folder / "worker.log").unlink()
    service.start("worker", *WORKER)
    wait_for(lambda: " ready" in service.log("worker"), 60, "the worker of the next test")


def attempts(run: dict[str, Any]) -> list[tuple[int, str, str | None]]:
    return [(each["number"], each["outcome"], each.get("error", {}).get("code")) for each in run["attempts"]]


def test_a_call_that_does_not_end_is_made_again_by_another_worker(
    service: Service, agent_server: AgentServer, replace_worker: Callable[[], float]
) -> None:
    agent = Agent(service, agent_server)
    agent_server.script(agent.key, Behaviour(fault="hang"), Behaviour())
    schedule = agent.create("once", in_seconds(2))
    wait_for(agent.calls, 20, "the call")

    asked_at = replace_worker()

    run = agent.ended_run(schedule)
    assert (run["state"], run["attempt"], run["max_attempts"]) == ("succeeded", 2, 6)
    assert attempts(run) == [(1, "stopped", "worker_stopped"), (2, "succeeded", None)]
    first, second = agent.calls()
    assert second["time"] - asked_at < STOP_SECONDS, "nobody waited for the lease"
    assert {call["headers"]["idempotency-key"] for call in (first, second)} == {key_of(schedule)}
    assert "accounted for" in service.manage("audit")


def test_work_in_the_background_is_asked_for_by_another_worker_and_not_begun_again(
    service: Service, agent_server: AgentServer, replace_worker: Callable[[], float]
) -> None:
    agent = Agent(service, agent_server)
    service.manage("create_agent", agent.key, "--workspace=processes", "--background")
    agent_server.script(agent.key, Behaviour(outcome="queued", polls=(WORKING,) * 5))
    schedule = agent.create("once", in_seconds(2))
    wait_for(agent.calls, 20, "the call")

    replace_worker()

    run = agent.ended_run(schedule, 40)
    assert (run["state"], run["attempt"]) == ("succeeded", 2)
    assert attempts(run) == [(1, "stopped", "worker_stopped"), (2, "succeeded", None)]
    assert len(agent.calls()) == 1
    assert "accounted for" in service.manage("audit")


def test_a_call_that_ends_in_time_ends_there(
    service: Service, agent_server: AgentServer, replace_worker: Callable[[], float]
) -> None:
    agent = Agent(service, agent_server)
    agent_server.script(agent.key, Behaviour(delay=2))
    schedule = agent.create("once", in_seconds(2))
    wait_for(agent.calls, 20, "the call")

    replace_worker()

    run = agent.ended_run(schedule)
    assert (run["state"], run["attempt"], len(agent.calls())) == ("succeeded", 1, 1)
