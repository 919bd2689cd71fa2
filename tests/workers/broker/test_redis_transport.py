"""Redis URLs mean our transport, or kombu's own: where ours is off, and where it cannot be made."""

from typing import Any

import pytest
import redis
from celery import current_app
from kombu import Connection
from kombu.transport.redis import Transport as KombuTransport
from pytest_django import Settings
from structlog.testing import capture_logs

from workers.broker import redis_transport, round_trips_per_message


def test_kombu_makes_the_services_connections_of_our_transport(valkey: redis.Redis) -> None:
    with current_app.connection_for_write() as connection:
        transport: Any = connection.transport
        assert type(transport) is round_trips_per_message.Transport
        assert transport.driver_type == "redis"
        assert connection.as_uri().startswith("redis://")


def test_where_it_is_off_messages_pass_through_kombus_own(valkey: redis.Redis, settings: Settings) -> None:
    settings.ORQ = settings.ORQ.model_copy(update={"without": ["message_batches"]})
    transport = redis_transport.made()

    with (
        Connection(current_app.conf.broker_url, transport=transport) as connection,
        connection.SimpleQueue("a-queue") as queue,
    ):
        queue.put({"run": 1})
        message = queue.get(timeout=5)
        message.ack()

    assert transport is KombuTransport
    assert message.payload == {"run": 1}
    assert not valkey.exists("a-queue", "unacked", "unacked_index")


def test_where_kombu_has_lost_something_it_is_kombus_own_and_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(round_trips_per_message, "USES", {KombuTransport: ("gone",)})

    with capture_logs() as logs:
        transport = redis_transport.made()

    assert transport is KombuTransport
    assert [entry["event"] for entry in logs] == ["broker.transport_not_mended"]
