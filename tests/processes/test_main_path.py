"""The main job with real processes: a client's schedule reaches a real agent server, exactly once."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from schedules.database.ulids import new_ulid
from tests.agent_server import AgentServer, Behaviour
from tests.processes.conftest import KINDS
from tests.processes.service import WORKER, Service, document
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.postgresql]

Document = dict[str, Any]
ON_POSTGRESQL = pytest.mark.parametrize("service", ["postgresql"], indirect=True)
ON_ALL = pytest.mark.parametrize(
    "service", [*KINDS[:2], pytest.param(KINDS[2], marks=pytest.mark.long)], indirect=True
)

PROMPT_SECONDS = 5.0
"""A call starts with its second; one whose message is lost, or that no beat sees in its second, takes far longer."""

SETTLE_SECONDS = 12.0
"""How long a run that must not happen is given to happen: the trigger's 10 s and then some."""


class Agent:
    """One agent of its own for a test, with its API client and what its server has seen."""

    def __init__(self, service: Service, server: AgentServer) -> None:
        self.key = f"agent-{new_ulid().lower()}"
        self.server = server
        service.create_agent(self.key, server.url)
        self.client = service.client(service.token)
        self.path = f"/v3/agents/{self.key}/schedules"

    def create(self, type_: str, expression: str, **more: Any) -> Document:
        body = {"type": type_, "expression": expression, "payload": {"input": "Hi"}, **more}
        created: Document = document(self.client.post(self.path, json=body), 201)
        return created

    def get(self, schedule: Document) -> Document:
        found: Document = document(self.client.get(f"{self.path}/{schedule['_id']}"), 200)
        return found

    def runs(self, schedule: Document) -> list[Document]:
        found: list[Document] = document(self.client.get(f"{self.path}/{schedule['_id']}/runs"), 200)["runs"]
        return found

    def trigger(self, schedule: Document) -> float:
        """Trigger; the moment before it was asked, seconds since the epoch."""
        asked_at = time.time()
        answer = document(self.client.post(f"{self.path}/{schedule['_id']}/execution"), 202)
        assert answer == {"status": "triggered", "schedule_id": schedule["_id"]}
        return asked_at

    def calls(self) -> list[Document]:
        return self.server.calls(self.key)

    def ended_run(self, schedule: Document, seconds: float = 20) -> Document:
        """The schedule's newest run, once it has ended."""

        def look() -> Document | None:
            run = next(iter(self.runs(schedule)), None)
            return run if run and run["state"] not in ("pending", "running") else None

        ended = wait_for(look, seconds, "the run to end")
        assert ended is not None
        return ended


@pytest.fixture
def agent(service: Service, agent_server: AgentServer) -> Iterator[Agent]:
    agent = Agent(service, agent_server)
    yield agent
    agent.client.close()


def in_seconds(seconds: float) -> str:
    return f"@at {datetime.now(UTC) + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"


def key_of(schedule: dict[str, Any]) -> str:
    """What every attempt of a schedule's first firing sends."""
    fire_time = datetime.fromisoformat(schedule["next_fire_at"])
    return f"{schedule['_id']}-{schedule['generation']}-{fire_time:%Y%m%dT%H%M%S%fZ}"


@ON_ALL
def test_a_once_schedule_reaches_its_agent_exactly_once(agent: Agent) -> None:
    schedule = agent.create(
        "once", in_seconds(4), payload={"input": "Hi {{who}}", "variables": {"who": "you"}}
    )
    due_at = datetime.fromisoformat(schedule["next_fire_at"]).timestamp()

    run = agent.ended_run(schedule)

    assert (run["state"], run["attempt"], run["trigger"]) == ("succeeded", 1, "cadence")
    (call,) = agent.calls()
    assert call["body"]["model"] == f"agent/{agent.key}"
    assert (call["body"]["input"], call["body"]["variables"]) == ("Hi you", {"who": "you"})
    assert call["headers"]["idempotency-key"] == key_of(schedule)
    assert 0 <= call["time"] - due_at < PROMPT_SECONDS
    after = agent.get(schedule)
    assert (after["trigger_count"], after["is_active"], after["generation"]) == (1, False, 1)
    assert datetime.fromisoformat(after["last_triggered_at"]).timestamp() >= due_at
    assert "next_fire_at" not in after


@ON_ALL
def test_run_now_reaches_its_agent_ten_seconds_later(agent: Agent) -> None:
    schedule = agent.create("cron", "0 0 9 * * *")
    asked_at = agent.trigger(schedule)

    run = agent.ended_run(schedule)

    (call,) = agent.calls()
    assert 9.9 <= call["time"] - asked_at <= 10 + PROMPT_SECONDS
    assert (run["state"], run["trigger"]) == ("succeeded", "manual")
    after = agent.get(schedule)
    assert (after["next_fire_at"], after["trigger_count"]) == (schedule["next_fire_at"], 1)


def patch_expression(agent: Agent, path: str) -> httpx2.Response:
    return agent.client.patch(path, json={"expression": "0 0 10 * * *"})


def deactivate(agent: Agent, path: str) -> httpx2.Response:
    return agent.client.patch(path, json={"is_active": False})


def delete(agent: Agent, path: str) -> httpx2.Response:
    return agent.client.delete(path)


@ON_POSTGRESQL
def test_a_trigger_that_has_become_stale_never_reaches_the_agent(service: Service, agent: Agent) -> None:
    schedules = {
        "stale_generation": (agent.create("cron", "0 0 9 * * *"), patch_expression),
        "schedule_inactive": (agent.create("cron", "0 0 9 * * *"), deactivate),
        "schedule_deleted": (agent.create("cron", "0 0 9 * * *"), delete),
    }
    for schedule, change in schedules.values():
        agent.trigger(schedule)
        assert change(agent, f"{agent.path}/{schedule['_id']}").is_success

    time.sleep(SETTLE_SECONDS)  # the time in which the mistake would happen, not a wait for a result

    assert agent.calls() == []
    for reason in ("stale_generation", "schedule_inactive"):
        run = agent.ended_run(schedules[reason][0])
        assert (run["state"], run["reason"]) == ("discarded", reason)
    deleted = schedules["schedule_deleted"][0]["_id"]
    asked = f"from schedules.models import Run; print(*Run.objects.get(schedule='{deleted}').reason.split())"
    assert service.manage("shell", "--verbosity", "0", "--command", asked) == "schedule_deleted"


@ON_POSTGRESQL
def test_a_once_that_is_moved_after_it_fired_without_workers_runs_at_its_new_instant_only(
    service: Service, agent: Agent
) -> None:
    service.children["worker"].kill()
    schedule = agent.create("once", in_seconds(3))
    fired_at = datetime.fromisoformat(schedule["next_fire_at"]).timestamp()
    wait_for(lambda: agent.runs(schedule) and not agent.get(schedule)["is_active"], 10, "its firing")
    time.sleep(max(0.0, fired_at + 2.5 - time.time()))  # an edit in the seconds after the firing

    new_instant = in_seconds(20)  # the worker has time to start
    moved = document(
        agent.client.patch(f"{agent.path}/{schedule['_id']}", json={"expression": new_instant}), 200
    )
    service.start("worker", *WORKER)
    due_at = datetime.fromisoformat(moved["next_fire_at"]).timestamp()

    assert (moved["is_active"], f"@at {moved['next_fire_at'][:19]}Z") == (True, new_instant)
    wait_for(agent.calls, 40, "the call at the new instant")
    wait_for(lambda: is_over(agent.runs(schedule)), 20, "both runs to end")
    moved_run, stale = agent.runs(schedule)
    assert (moved_run["state"], moved_run["generation"]) == ("succeeded", 2)
    assert (stale["state"], stale["reason"], stale["generation"]) == ("discarded", "stale_generation", 1)
    (call,) = agent.calls()
    assert 0 <= call["time"] - due_at < PROMPT_SECONDS
    service.manage("audit")  # its exit code says whether anything was found


def is_over(runs: list[Document]) -> bool:
    """Whether none of them is still to be done."""
    return not any(run["state"] in ("pending", "running") for run in runs)


@ON_POSTGRESQL
def test_a_run_whose_worker_is_killed_in_mid_call_is_executed_again(service: Service, agent: Agent) -> None:
    agent.server.script(agent.key, Behaviour(delay=60), Behaviour())
    schedule = agent.create("once", in_seconds(3))
    wait_for(agent.calls, what="the first call")

    service.children["worker"].kill()
    killed_at = time.time()
    service.start("worker", *WORKER)
    run = agent.ended_run(schedule, seconds=40)

    first, second = agent.calls()
    assert second["time"] - killed_at <= 30
    assert first["headers"]["idempotency-key"] == second["headers"]["idempotency-key"]
    assert first["headers"]["idempotency-key"] == key_of(schedule)
    assert (first["headers"]["x-run-attempt"], second["headers"]["x-run-attempt"]) == ("1", "2")
    assert first["body"] == second["body"]
    assert (run["state"], run["attempt"]) == ("succeeded", 2)
    assert agent.get(schedule)["trigger_count"] == 1
