"""The filled-in message is the one Celery itself would send, whatever version of Celery is installed."""

import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import redis
from celery import Celery, current_app
from pytest_django import Settings
from structlog.testing import capture_logs

from orqsite.broker import QUEUE
from schedules.database.ulids import new_ulid
from schedules.messages import dispatch
from schedules.messages.message_template import MessageTemplate
from tests.messages import queued

RUN_ID = "01JZ0000000000000000000000"


@pytest.fixture(autouse=True)
def _own_template() -> Iterator[None]:
    """Made by the thread that sends in the test: Celery writes into a message which one that was."""
    dispatch._template.cache_clear()
    yield
    dispatch._template.cache_clear()


def test_a_filled_message_is_what_celery_sends_but_for_its_ids(valkey: redis.Redis) -> None:
    current_app.send_task(dispatch.EXECUTE_RUN, args=(RUN_ID, 7))
    dispatch.send_now([(RUN_ID, 7)])

    ours, celerys = map(json.loads, valkey.lrange(QUEUE, 0, -1))

    assert without_ids(ours) == without_ids(celerys)


def test_a_later_message_is_what_celery_sends_with_a_countdown(valkey: redis.Redis) -> None:
    current_app.send_task(dispatch.EXECUTE_RUN, args=(RUN_ID, 7), countdown=10)
    dispatch.send_later(RUN_ID, 7, timedelta(seconds=10))

    ours, celerys = map(json.loads, valkey.lrange(QUEUE, 0, -1))
    our_eta, celerys_eta = (datetime.fromisoformat(each["headers"].pop("eta")) for each in (ours, celerys))

    assert without_ids(ours) == without_ids(celerys)
    assert timedelta(0) < our_eta - celerys_eta < timedelta(seconds=5)


def test_a_transport_other_than_redis_gets_the_same_messages_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Celery("elsewhere", broker="memory://", set_as_current=False) as app:
        app.conf.task_default_queue = new_ulid()
        monkeypatch.setattr(dispatch, "current_app", app)

        assert dispatch.send_now([(RUN_ID, 1), (RUN_ID, 2)])
        assert dispatch.send_later(RUN_ID, 3, timedelta(seconds=10))

        assert [generation for _, generation in in_memory(app, 3)] == [1, 2, 3]


def _switch_off(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.ORQ = settings.ORQ.model_copy(update={"without": ["message_template"]})


def _break_kombu(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.delattr("kombu.transport.memory.Channel._get")


@pytest.mark.parametrize(
    ("hurt", "events"),
    [(_switch_off, []), (_break_kombu, ["dispatch.template_failed"])],
    ids=["off", "broken"],
)
def test_without_a_template_celery_writes_each_message(
    valkey: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    hurt: Callable[[pytest.MonkeyPatch, Settings], None],
    events: list[str],
) -> None:
    hurt(monkeypatch, settings)

    with capture_logs() as logs:
        assert dispatch.send_now([(RUN_ID, 1), (RUN_ID, 2)])
        assert dispatch.send_later(RUN_ID, 3, timedelta(seconds=10))

    assert queued(valkey) == [(dispatch.EXECUTE_RUN, [RUN_ID, generation]) for generation in (1, 2, 3)]
    assert [entry["event"] for entry in logs] == events, "said once, not with each message"
    assert json.loads(valkey.lrange(QUEUE, 0, 0)[0])["headers"]["eta"]


def test_every_message_has_a_task_id_of_its_own_everywhere_celery_writes_it() -> None:
    messages = [json.loads(text) for text in filled([(RUN_ID, 1)] * 3)]

    for message in messages:
        task_id = message["headers"]["id"]
        assert message["headers"]["root_id"] == task_id
        assert message["properties"]["correlation_id"] == task_id
        assert message["properties"]["delivery_tag"] == task_id
    assert len({message["headers"]["id"] for message in messages}) == 3


def test_each_run_gets_its_own_arguments() -> None:
    pairs = [(new_ulid(), generation) for generation in (1, 2, 2**40)]

    bodies = [json.loads(b64decode(json.loads(text)["body"])) for text in filled(pairs)]

    assert [tuple(body[0]) for body in bodies] == pairs


def test_text_with_percent_signs_in_the_settings_is_left_as_it_is() -> None:
    app = Celery("percent", set_as_current=False)
    app.conf.task_default_queue = "100%s"

    message = json.loads(MessageTemplate(app, "workers.tasks.%d").render([(RUN_ID, 1)])[0])

    assert message["headers"]["task"] == "workers.tasks.%d"
    assert message["properties"]["delivery_info"]["routing_key"] == "100%s"


def in_memory(app: Celery, count: int) -> list[tuple[str, int]]:
    """The arguments of that many messages of an in-memory broker."""
    with (
        app.connection_for_read() as connection,
        connection.SimpleQueue(app.conf.task_default_queue) as queue,
    ):
        return [tuple(queue.get(block=False).payload[0]) for _ in range(count)]


def filled(pairs: list[tuple[str, int]]) -> list[bytes]:
    return MessageTemplate(current_app, dispatch.EXECUTE_RUN).render(pairs)


def without_ids(message: dict[str, Any]) -> dict[str, Any]:
    """The message with the one thing that differs from send to send blanked."""
    text = json.dumps(message).replace(message["headers"]["id"], "ID")
    blanked: dict[str, Any] = json.loads(text)
    blanked["properties"]["delivery_tag"] = "TAG"
    return blanked
