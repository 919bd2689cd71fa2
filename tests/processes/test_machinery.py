"""A real worker: kombu and Celery still call what mends them."""

import pytest
import redis
from celery import current_app

from orqsite.broker import QUEUE
from schedules.database.ulids import new_ulids
from schedules.messages.dispatch import EXECUTE_RUN
from schedules.messages.message_template import MessageTemplate
from tests.processes.service import Service
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.postgresql]

COUNT = 400


ON_POSTGRESQL = pytest.mark.parametrize("service", ["postgresql"], indirect=True)


@ON_POSTGRESQL
def test_a_worker_that_has_started_warms_its_connections_up(service: Service) -> None:
    wait_for(lambda: "worker.warmed_up" in service.log("worker"), 20)


@ON_POSTGRESQL
def test_a_worker_notes_many_messages_in_few_commands(service: Service) -> None:
    with redis.Redis.from_url(service.environment["REDIS_URL"]) as broker:
        before = noted(broker)

        broker.lpush(QUEUE, *messages_of_no_run())
        wait_for(lambda: not broker.exists(QUEUE, "unacked", "unacked_index"), 30)

        taken, done = (after - earlier for after, earlier in zip(noted(broker), before, strict=True))
    assert 0 < taken < COUNT / 2
    assert 0 < done < COUNT / 2


def messages_of_no_run() -> list[bytes]:
    """A worker finds nothing to do for them."""
    return MessageTemplate(current_app, EXECUTE_RUN).render([(run_id, 1) for run_id in new_ulids(COUNT)])


def noted(broker: redis.Redis) -> tuple[int, int]:
    """Commands that noted messages as taken, and as done, since the server's start."""
    stats = broker.info("commandstats")
    taken, done = (stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("zadd", "zrem"))
    return taken, done
