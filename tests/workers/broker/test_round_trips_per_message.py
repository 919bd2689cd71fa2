"""Messages are taken and noted many at a time; what stands in Redis is what kombu's own transport would write."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import kombu
import pytest
import redis
from celery import current_app
from kombu.transport.redis import Transport as KombuTransport

from orqsite.broker import QUEUE
from schedules.messages import dispatch
from tests.waiting import wait_for
from workers.broker import round_trips_per_message
from workers.broker.round_trips_per_message import MOST_AT_ONCE

UNACKED, UNACKED_INDEX = "unacked", "unacked_index"
BATCH = 1 + MOST_AT_ONCE
"""The message that was waited for, and those behind it."""


class Taker:
    """A consumer of the queue that keeps what it is given."""

    def __init__(self, connection: Any, queues: tuple[str, ...], prefetch: int) -> None:
        self.connection = connection
        self.channel = connection.channel()
        self.channel.basic_qos(0, prefetch, False)
        self.messages: list[Any] = []
        self.consumer = kombu.Consumer(
            self.channel, [kombu.Queue(name) for name in queues], on_message=self.messages.append
        )
        self.consumer.consume()

    @property
    def run_ids(self) -> list[str]:
        return [message.payload[0][0] for message in self.messages]

    def noting_in(self, lengths: list[int], valkey: redis.Redis) -> Callable[[Any], None]:
        """Keeps messages; of each, how many stood in the queue when it came."""

        def keep(message: Any) -> None:
            lengths.append(valkey.llen(QUEUE))
            self.messages.append(message)

        return keep

    def drain(self) -> None:
        """Let the event loop pass once."""
        with suppress(socket.timeout):
            self.connection.drain_events(timeout=0.2)

    def drain_until(self, count: int) -> None:
        """Let it pass until so many were taken, and once more."""

        def are_there() -> bool:
            self.drain()
            return len(self.messages) >= count

        wait_for(are_there)
        self.drain()


@pytest.fixture
def make_taker(valkey: redis.Redis) -> Iterator[Callable[..., Taker]]:
    connections = []

    def make(prefetch: int = 0, *, queues: tuple[str, ...] = (QUEUE,), transport: Any = None) -> Taker:
        connection = current_app.connection_for_read(transport=transport)
        connections.append(connection)
        return Taker(connection, queues, prefetch)

    yield make
    for connection in connections:
        connection.close()


def send(count: int) -> list[str]:
    run_ids = [f"run-{number}" for number in range(count)]
    assert dispatch.send_now([(run_id, 1) for run_id in run_ids])
    return run_ids


def test_those_behind_the_first_come_with_it_in_their_order(
    make_taker: Callable[..., Taker], valkey: redis.Redis
) -> None:
    sent = send(BATCH + 3)
    taker = make_taker()
    left: list[int] = []
    taker.consumer.on_message = taker.noting_in(left, valkey)

    taker.drain_until(BATCH + 3)

    assert taker.run_ids == sent
    assert left == [BATCH + 2, *[3] * MOST_AT_ONCE, 2, 0, 0], "one waited for, those behind it together"


def test_no_more_are_taken_than_the_prefetch_limit_allows(
    make_taker: Callable[..., Taker], valkey: redis.Redis
) -> None:
    send(20)
    taker = make_taker(5)

    taker.drain_until(5)

    assert len(taker.messages) == 5
    assert valkey.llen(QUEUE) == 15
    taker.messages[0].ack()
    taker.drain_until(6)
    assert len(taker.messages) == 6


def test_what_was_taken_stands_in_redis_as_kombu_writes_it(
    make_taker: Callable[..., Taker], valkey: redis.Redis
) -> None:
    def noted(transport: Any) -> tuple[list[Any], list[float]]:
        send(3)
        taker = make_taker(transport=transport)
        assert isinstance(taker.channel, round_trips_per_message.Channel) == (transport is None)
        taker.drain_until(3)
        tags = [message.delivery_tag for message in taker.messages]
        values = [json.loads(valkey.hget(UNACKED, tag) or "") for tag in tags]
        scores: list[Any] = [valkey.zscore(UNACKED_INDEX, tag) for tag in tags]
        for message in taker.messages:
            message.ack()
        taker.connection.close()
        valkey.delete(QUEUE)
        assert len(values) == 3
        return [_without_own_ids(value) for value in values], [round(score, -2) for score in scores]

    ours, theirs = noted(None), noted(KombuTransport)
    assert ours == theirs
    assert not valkey.exists(UNACKED, UNACKED_INDEX)


def _without_own_ids(note: Any) -> Any:
    message, exchange, key = note
    for name in ("correlation_id", "delivery_tag"):
        message["properties"].pop(name)
    for name in ("id", "root_id"):
        message["headers"].pop(name)
    return message, exchange, key


def test_what_is_done_leaves_redis_soon(make_taker: Callable[..., Taker], valkey: redis.Redis) -> None:
    send(3)
    taker = make_taker()
    taker.drain_until(3)
    assert valkey.hlen(UNACKED) == valkey.zcard(UNACKED_INDEX) == 3

    for message in taker.messages:
        message.ack()

    def is_gone() -> bool:
        taker.drain()
        return not valkey.exists(UNACKED, UNACKED_INDEX)

    wait_for(is_gone, seconds=3)


def test_what_is_done_as_it_comes_leaves_nothing(
    make_taker: Callable[..., Taker], valkey: redis.Redis
) -> None:
    send(3)
    taker = make_taker()

    def take_and_ack(message: Any) -> None:
        taker.messages.append(message)
        message.ack()

    taker.consumer.on_message = take_and_ack
    taker.drain_until(3)
    taker.channel.close()

    assert len(taker.messages) == 3
    assert not valkey.exists(UNACKED, UNACKED_INDEX, QUEUE)


def test_much_that_is_done_is_written_at_once(make_taker: Callable[..., Taker], valkey: redis.Redis) -> None:
    send(MOST_AT_ONCE)
    taker = make_taker()
    taker.drain_until(MOST_AT_ONCE)

    for message in taker.messages:
        message.ack()
    taker.channel.connection.cycle.on_poll_start()

    assert not valkey.exists(UNACKED, UNACKED_INDEX)


def test_closing_writes_what_is_done_and_gives_back_what_is_not(
    make_taker: Callable[..., Taker], valkey: redis.Redis
) -> None:
    send(3)
    taker = make_taker()
    taker.drain_until(3)

    taker.messages[0].ack()
    taker.channel.close()

    assert not valkey.exists(UNACKED, UNACKED_INDEX)
    assert valkey.llen(QUEUE) == 2


def test_a_message_that_is_no_json_takes_no_other_with_it(
    make_taker: Callable[..., Taker], valkey: redis.Redis
) -> None:
    sent = send(2)
    first: Any = valkey.rpop(QUEUE)
    valkey.rpush(QUEUE, b"{", first)
    taker = make_taker()

    taker.drain_until(2)

    assert taker.run_ids == sent
    assert valkey.llen(QUEUE) == 0


def test_those_behind_one_that_cannot_be_delivered_go_back(
    make_taker: Callable[..., Taker], valkey: redis.Redis
) -> None:
    sent = send(4)
    taker = make_taker()

    def refuse_the_second(message: Any) -> None:
        if len(taker.messages) == 1:
            raise redis.ConnectionError
        taker.messages.append(message)

    taker.consumer.on_message = refuse_the_second
    with pytest.raises(redis.ConnectionError):
        taker.drain_until(2)

    assert taker.run_ids == sent[:1]
    taker.consumer.on_message = taker.messages.append
    taker.drain_until(3)
    assert taker.run_ids == [sent[0], *sent[2:]], "in their order"


@pytest.mark.parametrize(("requeue", "left"), [(False, 0), (True, 3)])
def test_what_is_rejected_as_it_comes_is_gone_or_back(
    make_taker: Callable[..., Taker], valkey: redis.Redis, requeue: bool, left: int
) -> None:
    send(3)
    taker = make_taker()

    def reject(message: Any) -> None:
        taker.messages.append(message)
        message.reject(requeue=requeue)

    taker.consumer.on_message = reject
    taker.drain()
    taker.drain()
    taker.channel.close()

    assert taker.messages
    assert valkey.llen(QUEUE) == left
    assert not valkey.exists(UNACKED, UNACKED_INDEX)


def test_of_several_queues_messages_come_one_by_one(
    make_taker: Callable[..., Taker], valkey: redis.Redis
) -> None:
    sent = send(3)
    taker = make_taker(queues=(QUEUE, "another"))
    left: list[int] = []
    taker.consumer.on_message = taker.noting_in(left, valkey)

    taker.drain_until(3)

    assert taker.run_ids == sent
    assert left == [2, 1, 0]


def test_a_worker_without_prefetch_is_asked_for_each_message(
    make_taker: Callable[..., Taker], valkey: redis.Redis
) -> None:
    send(5)
    taker = make_taker()
    taker.channel.qos.can_consume = lambda: len(taker.messages) < 2  # as --disable-prefetch does

    taker.drain_until(2)

    assert len(taker.messages) == 2
    assert valkey.llen(QUEUE) == 3
