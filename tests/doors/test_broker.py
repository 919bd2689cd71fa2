"""Whoever reaches the broker learns no secret, ends no worker, and stops no work unnoticed."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest
import redis

from orqsite.broker import QUEUE
from orqsite.embedded.valkey import Valkey
from tests.agent_server import AgentServer, Behaviour
from tests.canaries.evidence import CREDENTIAL, VARIABLE, Evidence
from tests.doors.conftest import SIGNING_KEY, start_worker
from tests.processes.service import Service
from tests.waiting import wait_for

pytestmark = pytest.mark.processes

INSPECT = (
    "conf",
    "report",
    "stats",
    "active",
    "registered",
    "reserved",
    "active_queues",
    "clock",
    "memsample",
)

WHOLE: dict[str, Any] = {
    "body": base64.b64encode(b'[["run_x", 1], {}, {}]').decode(),
    "content-encoding": "utf-8",
    "content-type": "application/json",
    "headers": {"task": "workers.tasks.execute_run", "id": "some-id", "lang": "py"},
    "properties": {
        "delivery_tag": "stray-tag",
        "delivery_info": {"exchange": "", "routing_key": QUEUE},
        "body_encoding": "base64",
    },
}
"""A message as Celery writes it; each stray one differs from it in a part."""


RUN_WITH_A_SECRET = """
import os
from schedules.database.clock import database_now
from schedules.messages import dispatch
from schedules.models import Agent
from tests.factories import make_run, make_schedule

payload = {"input": "Hi {{token}}", "variables": {"token": {"secret": True, "value": os.environ["VARIABLE"]}}}
schedule = make_schedule(Agent.objects.get(key="slow"), database_now(), payload=payload)
run = make_run(schedule, not_before=database_now())
dispatch.send_now([(run.id, run.generation)])
"""


def with_part(*path: str, value: Any) -> dict[str, Any]:
    message = json.loads(json.dumps(WHOLE))
    *parents, last = path
    part = message
    for name in parents:
        part = part[name]
    part[last] = value
    return dict(message)


def without(*path: str) -> dict[str, Any]:
    message = with_part(*path, value=None)
    *parents, last = path
    part = message
    for name in parents:
        part = part[name]
    del part[last]
    return message


ODD: tuple[Any, ...] = (None, 5, [], "x", {})
HALVES: list[Any] = [
    *(without(name) for name in WHOLE),
    *(with_part(name, value=value) for name in WHOLE for value in ODD),
    *(without("properties", name) for name in WHOLE["properties"]),
    *(with_part("properties", name, value=value) for name in WHOLE["properties"] for value in ODD),
    *(without("headers", name) for name in WHOLE["headers"]),
    *(with_part("headers", name, value=value) for name in ("task", "id") for value in ODD),
    *(with_part("headers", name, value="soon") for name in ("eta", "expires", "timelimit", "retries")),
    with_part("properties", "delivery_tag", value="\ud800"),
    with_part("body", value="%%%"),
    with_part("body", value=base64.b64encode(b"{").decode()),
    with_part("content-type", value="application/x-python-serialize"),
    {"__type__": "uuid", "__value__": 5},
]

STRAY = [
    *(b"5", b"[]", b'"abc"', b"xx", b"", b"null", b"{}", b"\xff\xfe", b"[" * 100_000, b"1" * 10_000),
    *(json.dumps(half).encode() for half in HALVES),
]


def inspected(service: Service, *questions: str) -> dict[str, str]:
    """What `celery inspect` prints, in a process that knows the broker and nothing else of the service."""
    code = (
        "import os, json; from celery import Celery; "
        "app = Celery(broker=os.environ['BROKER']); app.conf.broker_connection_timeout = 5; "
        "inspect = app.control.inspect(timeout=2); "
        f"[print(json.dumps(getattr(inspect, name)(), default=str)) for name in {questions!r}]"
    )
    environment = {"BROKER": service.environment["REDIS_URL"], "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    )
    return dict(zip(questions, done.stdout.splitlines(), strict=True))


def start_another_worker(service: Service) -> None:
    service.children["worker"].kill()
    (service.folder / "worker.log").unlink()
    start_worker(service)


def is_working(service: Service, intruder: redis.Redis) -> bool:
    """Whether the worker empties its queue."""
    assert service.children["worker"].is_alive, service.log("worker")[-3000:]
    return intruder.llen(QUEUE) == 0


def test_no_answer_of_inspect_has_a_secret(service: Service) -> None:
    password = service.environment["REDIS_URL"].split(":")[2].partition("@")[0]
    secrets = [SIGNING_KEY, service.environment["ORQ_ENCRYPTION_KEYS"], password, "DATABASE_URL"]

    with a_run_in_flight(service) as call:
        answers = inspected(service, *INSPECT)

    assert "agent-schedules" in answers["conf"], "it answered"
    assert "workers.tasks.execute_run" in answers["registered"]
    assert "execute_run" in answers["active"], "it told of the call"
    for what, answer in answers.items():
        assert [secret for secret in secrets if secret in answer] == [], what
    told = [(what, json.dumps(json.loads(answer), ensure_ascii=False)) for what, answer in answers.items()]
    assert Evidence(told).leaks() == set()
    assert Evidence([("call", call)]).leaks() == {("call", VARIABLE), ("call", CREDENTIAL)}


@contextmanager
def a_run_in_flight(service: Service) -> Iterator[str]:
    """While the worker waits for an agent that was sent two secrets; the call as the agent got it."""
    with AgentServer() as agent:
        agent.script("slow", Behaviour(delay=60))
        service.environment |= {"CREDENTIAL": f"Bearer {CREDENTIAL}", "VARIABLE": VARIABLE}
        service.manage(
            "create_agent", "slow", "--workspace=w", f"--url={agent.url}", "--credential-env=CREDENTIAL"
        )
        service.manage("shell", "-c", RUN_WITH_A_SECRET)
        wait_for(agent.calls, what="the call")
        yield repr(agent.calls())


def test_the_embedded_broker_refuses_who_does_not_know_its_password(broker: Valkey) -> None:
    with redis.Redis(port=broker.port) as stranger:
        for command in ("PING", "GET x", "CONFIG GET requirepass", "FLUSHALL"):
            with pytest.raises(redis.AuthenticationError):
                stranger.execute_command(*command.split())


def test_its_password_is_in_no_command_line(broker: Valkey) -> None:
    password = broker.url.split(":")[2].partition("@")[0]

    assert len(password) >= 20
    assert broker.child is not None
    command = psutil.Process(broker.child.pid).cmdline()
    assert "valkey" in command[0]
    assert password not in " ".join(command)


def test_stray_messages_of_any_shape_are_dropped_and_the_worker_lives(
    service: Service, intruder: redis.Redis
) -> None:
    for text in STRAY:
        intruder.lpush(QUEUE, text)
        wait_for(lambda: is_working(service, intruder), what="the queue to be empty")

    service.manage("shell", "-c", "from celery import current_app as app; app.send_task('x.unknown')")
    wait_for(lambda: is_working(service, intruder))
    wait_for(lambda: "x.unknown" in service.log("worker"), what="a message behind them")
    dropped = [line for line in service.log("worker").splitlines() if "message.dropped" in line]
    assert len(dropped) >= 20
    assert json.loads(dropped[-1])["count"] == len(dropped)
    assert not intruder.hlen("unacked"), "none comes back"


@pytest.mark.long
def test_stray_messages_among_good_ones_take_none_with_them(service: Service, intruder: redis.Redis) -> None:
    intruder.lpush(QUEUE, *STRAY, json.dumps(WHOLE), *STRAY)

    wait_for(lambda: is_working(service, intruder), 20)

    wait_for(lambda: "run.not_claimed" in service.log("worker") or "run.discarded" in service.log("worker"))


@pytest.mark.long
def test_stray_words_to_all_workers_end_none(service: Service, intruder: redis.Redis) -> None:
    for text in STRAY:
        for channel in ("/0.celery.pidbox", "/0.celeryev/worker.heartbeat"):
            intruder.publish(channel, text)

    answers = inspected(service, "ping")

    assert "pong" in answers["ping"]
    assert service.children["worker"].is_alive


@pytest.mark.long
def test_stray_notes_of_taken_messages_end_no_worker(service: Service, intruder: redis.Redis) -> None:
    for number, text in enumerate(STRAY):
        intruder.hset("unacked", f"stray-{number}", text)
        intruder.zadd("unacked_index", {f"stray-{number}": 1.0})

    start_another_worker(service)

    wait_for(lambda: not intruder.zcount("unacked_index", 1, 1), what="the notes to be looked at")
    assert "pong" in inspected(service, "ping")["ping"]


@pytest.mark.long
def test_consuming_that_was_cancelled_from_outside_ends_the_worker(
    service: Service, intruder: redis.Redis
) -> None:
    code = "from celery import current_app as app; app.control.cancel_consumer('agent-schedules')"
    service.manage("shell", "-c", code)

    wait_for(lambda: not service.children["worker"].is_alive, 25, "its watchdog")

    assert service.children["worker"].process.returncode == 70
    assert "worker.consuming_cancelled" in service.log("worker")
    assert "process.stalled" in service.log("worker")


@pytest.mark.long
def test_a_worker_without_remote_control_obeys_and_answers_nobody(
    service: Service, intruder: redis.Redis
) -> None:
    service.environment["ORQ_REMOTE_CONTROL"] = "false"
    start_another_worker(service)

    answers = inspected(service, "ping")

    assert answers["ping"] == "null"
    assert is_working(service, intruder)
