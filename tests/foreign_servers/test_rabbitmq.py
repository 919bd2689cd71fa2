"""RabbitMQ as the broker: messages, the queue's length, health, and a whole service on it."""

import os
import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from kombu.simple import SimpleQueue
from pydantic import SecretStr
from pytest_django import Settings

from orqsite.broker import QUEUE
from schedules.health.broker import broker_state
from schedules.messages import dispatch
from schedules.messages.breaker import Breaker
from tests.agent_server import AgentServer
from tests.processes.databases import migrated_database
from tests.processes.service import WORKER, Service
from tests.processes.test_main_path import Agent, in_seconds
from tests.servers.celery_broker import use_broker
from tests.servers.rabbitmq import RabbitMQ
from tests.waiting import wait_for

pytestmark = [pytest.mark.debian, pytest.mark.processes, pytest.mark.postgresql]


@pytest.fixture(scope="module")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQ]:
    with RabbitMQ(tmp_path_factory.mktemp("rabbitmq")) as server:
        yield server


@pytest.fixture
def broker(settings: Settings, rabbitmq: RabbitMQ) -> Iterator[RabbitMQ]:
    """Celery's and health's, with an empty queue."""
    settings.ORQ = settings.ORQ.model_copy(update={"broker_url": SecretStr(rabbitmq.url)})
    use_broker(rabbitmq.url)
    with current_app.connection_for_write() as connection:
        channel_of(connection).queue_delete(QUEUE)
    yield rabbitmq
    use_broker(os.environ["REDIS_URL"])


def channel_of(connection: Any) -> Any:
    """Its published types lack what RabbitMQ's has."""
    return connection.default_channel


def taken() -> list[tuple[str, Any]]:
    """(task, arguments) of all messages, taken off the queue."""
    with current_app.connection_for_read() as connection:
        queue = SimpleQueue(channel_of(connection), QUEUE, no_ack=True)
        messages = [queue.get(timeout=5) for _ in range(queue.qsize())]
    return [(message.headers["task"], message.payload[0]) for message in messages]


@pytest.mark.usefixtures("broker")
def test_many_runs_leave_as_messages_and_are_counted() -> None:
    pairs = [(f"run-{number}", 1) for number in range(300)]

    assert dispatch.queue_length() == 0, "nobody has declared the queue yet"
    assert dispatch.send_now(pairs)

    assert dispatch.queue_length() == 300
    assert dispatch.queue_room() == max(0, settings.ORQ.queue_limit - 300)
    assert taken() == [(dispatch.EXECUTE_RUN, list(pair)) for pair in pairs]


@pytest.mark.usefixtures("broker")
def test_a_later_message_waits_in_the_queue() -> None:
    assert dispatch.send_later("run", 1, timedelta(seconds=10))

    assert taken() == [(dispatch.EXECUTE_RUN, ["run", 1])]


@pytest.mark.usefixtures("broker")
def test_health_is_green_and_its_probe_is_never_delivered() -> None:
    assert dispatch.send_now([("run", 1)])

    assert [broker_state(), broker_state()] == ["ok", "ok"]

    assert dispatch.queue_length() == 1


@pytest.mark.usefixtures("broker")
def test_a_queue_of_another_kind_is_named() -> None:
    with current_app.connection_for_write() as connection:
        channel_of(connection).queue_declare(QUEUE, durable=False, auto_delete=False)
        try:
            assert broker_state() == "wrong_type"
        finally:
            channel_of(connection).queue_delete(QUEUE)


def test_a_wrong_password_is_named(settings: Settings, broker: RabbitMQ) -> None:
    wrong = broker.url.replace("schedules:", "schedules:x")
    settings.ORQ = settings.ORQ.model_copy(update={"broker_url": SecretStr(wrong)})
    use_broker(wrong)

    assert broker_state() == "no_permission"
    assert dispatch.send_now([("run", 1)]) is False


def test_one_that_hangs_costs_its_time_out_once(broker: RabbitMQ, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "breaker", Breaker(pause_seconds=600))
    assert dispatch.send_now([("run", 1)])
    broker.freeze(is_frozen=True)
    try:
        first = seconds_of(lambda: dispatch.send_now([("run", 1)]))
        second = seconds_of(lambda: dispatch.send_now([("run", 1)]))
        health = seconds_of(broker_state)
        state = broker_state()
    finally:
        broker.freeze(is_frozen=False)

    assert first < 5
    assert second < 0.1
    assert health < 5
    assert state == "unreachable"
    wait_for(lambda: broker_state() == "ok", 30)


def seconds_of(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


def test_a_connection_that_outlived_a_restart_is_made_anew(broker: RabbitMQ) -> None:
    assert dispatch.send_now([("before", 1)])
    broker.kill()
    assert broker_state() == "unreachable"

    broker.start()

    assert dispatch.send_now([("after", 1)]), "with the connection that the pool had kept"
    assert ("workers.tasks.execute_run", ["after", 1]) in taken()


def test_an_alarm_is_named(tmp_path: Path, settings: Settings) -> None:
    with RabbitMQ(tmp_path / "full", "vm_memory_high_watermark.absolute = 1MB") as full:
        settings.ORQ = settings.ORQ.model_copy(update={"broker_url": SecretStr(full.url)})
        use_broker(full.url)
        try:
            assert broker_state() == "alarm"
        finally:
            use_broker(os.environ["REDIS_URL"])


@pytest.fixture(scope="module")
def service(rabbitmq: RabbitMQ, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """On RabbitMQ; its limits are in Redis."""
    folder = tmp_path_factory.mktemp("service")
    service = Service(folder, migrated_database("postgresql", folder), os.environ["REDIS_URL"])
    service.environment |= {"BROKER_URL": rabbitmq.url, "ORQ_WORKER_THREADS": "4"}
    with service:
        yield service


@pytest.fixture(scope="module")
def agent(service: Service) -> Iterator[Agent]:
    with AgentServer() as server:
        agent = Agent(service, server)
        yield agent
        agent.client.close()


def test_a_cadence_and_a_run_now_are_called_once_each(agent: Agent) -> None:
    once = agent.create("once", in_seconds(2))
    daily = agent.create("cron", "0 0 9 * * *")

    agent.trigger(daily)

    assert agent.ended_run(once)["state"] == "succeeded"
    assert agent.ended_run(daily)["state"] == "succeeded"
    assert len(agent.calls()) == 2


def test_readyz_is_green_and_the_status_command_knows_the_queue(service: Service, agent: Agent) -> None:
    assert agent.client.get("/readyz").json()["broker"] == "ok"
    assert re.search(r"^queue +0 messages$", service.manage("status"), re.MULTILINE)


def test_after_a_restart_of_the_broker_runs_go_on_and_none_is_lost(
    service: Service, agent: Agent, rabbitmq: RabbitMQ
) -> None:
    """A worker may end then, as with Redis; a supervisor starts it again."""
    daily = agent.create("cron", "0 0 9 * * *")
    before = len(agent.calls())
    rabbitmq.kill()

    agent.trigger(daily)
    assert agent.client.get("/readyz").json()["broker"] == "unreachable"
    rabbitmq.start()
    if not service.children["worker"].is_alive:
        service.start("worker", *WORKER)

    assert agent.ended_run(daily, 120)["state"] == "succeeded"
    assert len(agent.calls()) == before + 1
