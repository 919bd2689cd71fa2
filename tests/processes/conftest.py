"""One running service per module, on PostgreSQL; a second kind on SQLite where a test asks for it."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from schedules.database.ulids import new_ulid
from tests.agent_server import AgentServer
from tests.processes.service import Service

SESSION_DATABASE_URL = os.environ.get("DATABASE_URL", "")


@pytest.fixture(scope="module")
def agent_server() -> Iterator[AgentServer]:
    """The agents' side: an HTTP server that writes down every call."""
    with AgentServer() as server:
        yield server


@pytest.fixture(scope="module")
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Web, beat and worker on an empty database; parametrised indirectly with "postgresql" or "sqlite"."""
    folder = tmp_path_factory.mktemp("service")
    kind: str = request.param
    redis_url = os.environ["REDIS_URL"].removesuffix("/0") + ("/1" if kind == "postgresql" else "/2")
    with Service(folder, empty_database(kind, folder), redis_url) as running:
        yield running


def empty_database(kind: str, folder: Path) -> str:
    """The URL of a new database of this kind."""
    if kind == "sqlite":
        return f"sqlite:///{folder / 'db.sqlite3'}"
    name = f"processes_{new_ulid().lower()}"
    with psycopg.connect(SESSION_DATABASE_URL, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return SESSION_DATABASE_URL.rsplit("/", 1)[0] + f"/{name}"
