"""Redis URLs mean our transport: kombu's with the mends that are on, or with none when one cannot be made."""

from collections.abc import Callable
from typing import Any

import pytest
import redis
from celery import current_app
from kombu import Connection
from kombu.transport.redis import Transport as KombuTransport
from pytest_django import Settings
from structlog.testing import capture_logs

from workers.broker import client_per_command, redis_transport, round_trips_per_message

MENDS = {
    "message_batches": round_trips_per_message.Channel,
    "shared_client": client_per_command.Channel,
}


@pytest.fixture
def without(settings: Settings) -> Callable[..., None]:
    """Switches these off."""

    def switch_off(*names: str) -> None:
        settings.ORQ = settings.ORQ.model_copy(update={"without": list(names)})

    return switch_off


def mends_of(transport: Any) -> set[str]:
    return {name for name, channel in MENDS.items() if issubclass(transport.Channel, channel)}


def test_kombu_makes_the_services_connections_of_our_transport(valkey: redis.Redis) -> None:
    with current_app.connection_for_write() as connection:
        assert mends_of(connection.transport) == set(MENDS)
        assert connection.as_uri().startswith("redis://")
        assert connection.transport.driver_type == "redis"


@pytest.mark.parametrize(
    "off", [["message_batches"], ["shared_client"], ["message_batches", "shared_client"]]
)
def test_what_is_off_is_kombus_own_and_a_message_passes(
    valkey: redis.Redis, without: Callable[..., None], off: list[str]
) -> None:
    without(*off)
    transport = redis_transport.made()

    with Connection(current_app.conf.broker_url, transport=transport) as connection:
        assert mends_of(transport) == set(MENDS) - set(off)
        with connection.SimpleQueue("a-queue") as queue:
            queue.put({"run": 1})
            message = queue.get(timeout=5)
            message.ack()

    assert message.payload == {"run": 1}
    assert not valkey.exists("a-queue", "unacked", "unacked_index")


@pytest.mark.parametrize("mend", [round_trips_per_message, client_per_command])
def test_a_mend_for_which_kombu_has_lost_something_leaves_kombus_own_and_one_line(
    monkeypatch: pytest.MonkeyPatch, mend: Any
) -> None:
    monkeypatch.setattr(mend, "USES", mend.USES | {KombuTransport: ("gone",)})

    with capture_logs() as logs:
        transport = redis_transport.made()

    assert transport is KombuTransport
    assert [entry["event"] for entry in logs] == ["broker.transport_not_mended"]
