"""kombu takes messages one by one: each costs a blocking pop, a transaction that notes it as taken and one that notes
it as done. A worker's single event loop spends more on that than on the rest of a short run. Here those that wait
behind the first come with it, and the notes of many go in one transaction: the same keys with the same values, so
that other kombu workers and tools read them as ever.
"""

from collections import deque
from contextlib import suppress
from time import time
from typing import Any, Final

from kombu.transport import redis, virtual
from kombu.utils.json import dumps, loads

from workers.broker.stray_messages import UNREADABLE, drop

kombu_redis: Any = redis  # its published types lack most of what is used here

USES: Final = {
    kombu_redis.Transport: ("Channel", "cycle", "_deliver"),
    kombu_redis.MultiChannelPoller: ("on_poll_start",),
    kombu_redis.Channel: ("QoS", "qos", "_brpop_read", "active_queues", "conn_or_acquire", "_closing"),
    kombu_redis.QoS: (
        *("append", "ack", "reject", "pipe_or_acquire", "can_consume_max_estimate"),
        *("unacked_key", "unacked_index_key"),
    ),
}
"""Of kombu, beyond what it documents."""

MOST_AT_ONCE: Final = 16
"""Messages one worker takes together: a worker beside it shall get its share of a burst."""


class QoS(kombu_redis.QoS):  # type: ignore[misc]
    """Keeps what this worker has taken and done since the last `write`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_collecting = False
        self._taken: dict[str, str] = {}
        self._done: deque[str] = deque()

    def append(self, message: Any, delivery_tag: str) -> None:
        """Note the message as taken: in Redis at once, or with the others of its batch."""
        if not self.is_collecting:
            super().append(message, delivery_tag)
            return
        delivery = message.delivery_info
        note = [message._raw, delivery["exchange"], delivery["routing_key"]]  # noqa: SLF001 - as kombu does
        self._taken[delivery_tag] = dumps(note)
        virtual.QoS.append(self, message, delivery_tag)

    def ack(self, delivery_tag: str) -> None:
        """Note the message as done; any thread may do so."""
        self._done.append(delivery_tag)
        virtual.QoS.ack(self, delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Give the message back, or throw it away; Redis must know first that it was taken."""
        self.write()
        super().reject(delivery_tag, requeue=requeue)

    def write(self, take_from: str = "", count: int = 0) -> list[bytes]:
        """Tell Redis what was taken and done since the last time, and take up to `count` messages more."""
        taken, self._taken = self._taken, {}
        done = [self._done.popleft() for _ in range(len(self._done))]
        if not (taken or done or count):
            return []
        with self.pipe_or_acquire() as pipe:
            if taken:
                pipe.zadd(self.unacked_index_key, dict.fromkeys(taken, time()))
                pipe.hset(self.unacked_key, mapping=taken)
            if done:
                pipe.zrem(self.unacked_index_key, *done)
                pipe.hdel(self.unacked_key, *done)
            if count:
                pipe.rpop(take_from, count)
            *_, last = pipe.execute()
        return (last or []) if count else []

    def write_if_much(self) -> None:
        """Write when much is done; little goes with the next message, or when a second brought none."""
        if len(self._done) >= MOST_AT_ONCE:
            self.write()


class Channel(kombu_redis.Channel):  # type: ignore[misc]
    """Takes messages in batches."""

    QoS = QoS

    def _brpop_read(self, **options: Any) -> Any:
        self.qos.is_collecting = True
        try:
            is_delivered = super()._brpop_read(**options)
            self._deliver_those_behind()
        finally:
            self.qos.is_collecting = False
            self.qos.write()
        return is_delivered

    def _deliver_those_behind(self) -> None:
        """Deliver what waits in the one queue this channel reads, as far as its prefetch limit allows."""
        room = self.qos.can_consume_max_estimate()
        wanted = MOST_AT_ONCE if room is None else min(room, MOST_AT_ONCE)
        queues = self.active_queues
        if wanted and len(queues) == 1 and not self._closing and not self._is_asked_each_time():
            self._deliver_all(queues[0], deque(self.qos.write(queues[0], wanted)))

    def _is_asked_each_time(self) -> bool:
        """`celery worker --disable-prefetch` has put a question of its own in the limit's place."""
        return "can_consume" in vars(self.qos)

    def _deliver_all(self, queue: str, texts: deque[bytes]) -> None:
        """Deliver them in their order; what stands behind one that cannot be delivered goes back."""
        try:
            while texts:
                text = texts.popleft()
                try:
                    message = loads(text)
                except UNREADABLE as error:
                    drop(queue, error)
                else:
                    self.connection._deliver(message, queue)  # noqa: SLF001 - as kombu does
        finally:
            if texts:
                with self.conn_or_acquire() as client:
                    client.rpush(queue, *reversed(texts))

    def close(self) -> None:
        """Also write down what was done; a broker that is away learns it by no other way."""
        with suppress(*self.connection_errors, self.ResponseError):
            self.qos.write()
        super().close()


class Poller(kombu_redis.MultiChannelPoller):  # type: ignore[misc]
    """Writes each channel's notes once a pass of the event loop."""

    def on_poll_start(self) -> None:
        """Before waiting for what comes next."""
        for channel in self._channels:
            channel.qos.write_if_much()
        super().on_poll_start()


class Transport(kombu_redis.Transport):  # type: ignore[misc]
    """The Redis transport with channels of the kind above."""

    Channel = Channel

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cycle = Poller()
