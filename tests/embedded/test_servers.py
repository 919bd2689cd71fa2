"""The servers the tests themselves run on."""

import errno
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from django.db import connection

from orqsite.embedded.valkey import Valkey, answers
from tests.servers.plugin import start_patiently
from tests.servers.postgres import Postgres


@pytest.mark.django_db
def test_the_session_runs_on_the_database_that_was_asked_for() -> None:
    wanted = "sqlite" if os.environ["DATABASE_URL"].startswith("sqlite") else "postgresql"

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        answer = cursor.fetchone()

    assert answer == (1,)
    assert connection.vendor == wanted
    if wanted == "sqlite":  # a file, so that other processes can open it too
        assert Path(str(connection.settings_dict["NAME"])).is_file()


def test_the_broker_of_the_session_is_empty_at_the_start_of_a_test(valkey: redis.Redis) -> None:
    assert valkey.dbsize() == 0

    valkey.set("left-over", "1")

    assert valkey.dbsize() == 1


def test_a_private_valkey_survives_a_kill_on_the_same_address(start_valkey: Callable[[], Valkey]) -> None:
    server = start_valkey()
    url = server.url
    assert answers(url)

    server.kill()
    assert not answers(url)
    server.start()

    assert server.url == url
    assert answers(url)


@pytest.mark.parametrize("refused_count", [1, 2])
@pytest.mark.parametrize("kind", [Valkey, Postgres])
def test_a_server_whose_process_the_system_refuses_for_a_moment_is_started_again(
    kind: type[Valkey | Postgres], refused_count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = iter(range(refused_count))
    popen = subprocess.Popen

    def refuse_at_first(*arguments: Any, **options: Any) -> "subprocess.Popen[bytes]":
        if next(refusals, None) is not None:
            raise OSError(errno.EFAULT, "Bad address")
        return popen(*arguments, **options)

    server = Valkey(tmp_path) if kind is Valkey else Postgres()
    monkeypatch.setattr(subprocess, "Popen", refuse_at_first)

    try:
        start_patiently(server)

        assert next(refusals, None) is None  # the system did refuse
        assert server.child is not None
        assert server.child.is_alive
    finally:
        server.stop() if isinstance(server, Valkey) else server.remove()


def test_a_server_that_never_starts_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any, **options: Any) -> None:
        raise OSError(errno.EFAULT, "Bad address")

    monkeypatch.setattr(subprocess, "Popen", refuse)

    with pytest.raises(OSError, match="Bad address"):
        start_patiently(Valkey(tmp_path))


def test_a_durable_valkey_finds_its_data_again(tmp_path: Path) -> None:
    server = Valkey(tmp_path, is_durable=True)
    server.start()
    try:
        with redis.Redis.from_url(server.url) as client:
            client.set("queued", "1")

        server.stop()
        server.start()

        with redis.Redis.from_url(server.url) as client:
            assert client.get("queued") == b"1"
    finally:
        server.stop()


@pytest.mark.postgresql
def test_a_private_postgres_keeps_its_data_over_a_restart(start_postgres: Callable[[], Postgres]) -> None:
    server = start_postgres()
    with psycopg.connect(server.url) as first:
        first.execute("CREATE TABLE note (text text)")
        first.execute("INSERT INTO note VALUES ('kept')")

    server.stop()
    server.start()

    with psycopg.connect(server.url) as second:
        assert second.execute("SELECT text FROM note").fetchall() == [("kept",)]
