"""A channel keeps one Redis client, for as long as the client's pool lives."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from celery import current_app


@pytest.fixture
def channel(valkey: redis.Redis) -> Iterator[Any]:
    with current_app.connection_for_write() as connection, connection.channel() as channel:
        yield channel


def test_a_channel_keeps_its_client(channel: Any) -> None:
    with channel.conn_or_acquire() as first, channel.conn_or_acquire() as second:
        assert first is second


def test_a_channel_whose_pool_was_dropped_makes_another_client(channel: Any) -> None:
    with channel.conn_or_acquire() as first:
        channel._disconnect_pools()
    with channel.conn_or_acquire() as second:
        assert second is not first
        assert second.ping()
