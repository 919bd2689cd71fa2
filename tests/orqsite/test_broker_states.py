"""/readyz names what keeps a real broker from taking messages, and is green again when that is over."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import redis
from django.test import Client
from pydantic import SecretStr
from pytest_django import Settings

from orqsite.embedded.ports import free_port
from orqsite.embedded.valkey import Valkey
from schedules.health.broker import PROBE, is_cluster
from schedules.health.report import broker_verdict
from tests.servers.cluster import cluster_node
from tests.waiting import wait_for

QUEUE = "agent-schedules"
Ask = Callable[[], tuple[int, str]]


@pytest.fixture
def broker(settings: Settings, start_valkey: Callable[[], Valkey]) -> Iterator[redis.Redis]:
    """A broker that the test may hurt, and the one the service uses."""
    server = start_valkey()
    settings.ORQ = settings.ORQ.model_copy(update={"redis_url": SecretStr(server.url)})
    with redis.Redis.from_url(server.url) as operator:
        yield operator


def say(operator: Any, *words: str) -> Any:
    """What an operator types; the answer."""
    return operator.execute_command(*words)


@pytest.fixture
def ask(client: Client) -> Ask:
    """The status of /readyz and the state of the broker, asked anew."""

    def ask() -> tuple[int, str]:
        broker_verdict.forget()
        answer = client.get("/readyz?only=broker")
        return answer.status_code, answer.json()["broker"]

    return ask


@pytest.mark.parametrize("policy", ["noeviction", "allkeys-lru", "volatile-lru"])
def test_one_out_of_memory(broker: redis.Redis, ask: Ask, policy: str) -> None:
    broker.config_set("maxmemory-policy", policy)
    broker.config_set("maxmemory", 1000)

    assert ask() == (503, "out_of_memory")

    broker.config_set("maxmemory", 0)
    assert ask() == (200, "ok")


def test_a_replica_that_is_read_only(broker: redis.Redis, ask: Ask) -> None:
    say(broker, "REPLICAOF", "127.0.0.1", str(free_port()))

    assert ask() == (503, "read_only")

    say(broker, "REPLICAOF", "NO", "ONE")
    assert ask() == (200, "ok")


def test_too_few_replicas(broker: redis.Redis, ask: Ask) -> None:
    broker.config_set("min-replicas-to-write", 1)

    assert ask() == (503, "no_replicas")

    broker.config_set("min-replicas-to-write", 0)
    assert ask() == (200, "ok")


def test_a_user_who_may_not_write(broker: redis.Redis, ask: Ask) -> None:
    say(broker, "ACL", "SETUSER", "default", "-@write")

    assert ask() == (503, "no_permission")

    say(broker, "ACL", "SETUSER", "default", "+@all")
    assert ask() == (200, "ok")


def test_a_password_that_is_not_sent(broker: redis.Redis, ask: Ask) -> None:
    broker.config_set("requirepass", "a password")

    assert ask() == (503, "no_permission")


@pytest.mark.parametrize("key", [QUEUE, f"_kombu.binding.{QUEUE}", "unacked", "unacked_index"])
def test_something_else_under_a_key_of_the_queue(broker: redis.Redis, ask: Ask, key: str) -> None:
    broker.set(key, "somebody's")

    assert ask() == (503, "wrong_type")

    broker.delete(key)
    assert ask() == (200, "ok")


def test_one_that_cannot_save(broker: redis.Redis, ask: Ask) -> None:
    folder = Path(str(broker.config_get("dir")["dir"]))
    shutil.rmtree(folder)
    broker.config_set("save", "1 1")
    broker.set("something", "to save")
    wait_for(lambda: broker.info("persistence")["rdb_last_bgsave_status"] == "err", 20)

    assert ask() == (503, "not_persisting")


def test_a_cluster(settings: Settings, ask: Ask, tmp_path: Path) -> None:
    with cluster_node(tmp_path) as url:
        settings.ORQ = settings.ORQ.model_copy(update={"redis_url": SecretStr(url)})
        assert ask() == (503, "cluster")
        with redis.Redis.from_url(url) as operator:
            say(operator, "CLUSTER", "ADDSLOTSRANGE", "0", "16383")
            wait_for(lambda: b"cluster_state:ok" in say(operator, "CLUSTER", "INFO"))

        assert ask() == (503, "cluster")
        assert is_cluster(url)


def test_one_that_hangs_is_waited_for_a_second_only(broker: redis.Redis, ask: Ask) -> None:
    say(broker, "CLIENT", "PAUSE", "5000", "WRITE")

    assert ask() == (503, "unreachable")


def test_the_probe_is_never_delivered_and_changes_nothing(broker: redis.Redis, ask: Ask) -> None:
    broker.lpush(QUEUE, "a message")
    with redis.Redis(connection_pool=broker.connection_pool) as waiting:
        assert ask() == (200, "ok")

        assert waiting.lrange(QUEUE, 0, -1) == [b"a message"]
        assert waiting.brpop([QUEUE], timeout=1) == (QUEUE.encode(), b"a message")
        assert PROBE not in waiting.lrange(QUEUE, 0, -1)


def test_whoever_waits_for_a_message_does_not_get_the_probe(broker: redis.Redis, ask: Ask) -> None:
    with ThreadPoolExecutor(1) as pool:
        got = pool.submit(broker.brpop, [QUEUE], timeout=10)
        wait_for(lambda: broker.info("clients")["blocked_clients"] == 1)

        assert ask() == (200, "ok")
        broker.lpush(QUEUE, "a message")

        assert got.result() == (QUEUE.encode(), b"a message")


def test_a_single_server_is_no_cluster(settings: Settings, broker: redis.Redis) -> None:
    assert broker.ping()

    assert not is_cluster(settings.ORQ.redis_url.get_secret_value())
