"""Celery's connections use the transport that keeps one client a channel."""

from typing import Any

import pytest
import redis
from celery import current_app

from orqsite import redis_transport


@pytest.fixture
def channel(valkey: redis.Redis) -> Any:
    with current_app.connection_for_write() as connection, connection.channel() as channel:
        yield channel


def test_redis_urls_mean_our_transport_and_still_read_as_redis(channel: Any) -> None:
    connection = channel.connection.client
    assert type(channel) is redis_transport.Channel
    assert connection.as_uri().startswith("redis://")
    assert connection.transport.driver_type == "redis"


def test_a_channel_keeps_its_client(channel: Any) -> None:
    with channel.conn_or_acquire() as first, channel.conn_or_acquire() as second:
        assert first is second


def test_a_channel_whose_pool_was_dropped_makes_another_client(channel: Any) -> None:
    with channel.conn_or_acquire() as first:
        channel._disconnect_pools()
    with channel.conn_or_acquire() as second:
        assert second is not first
        assert second.ping()
