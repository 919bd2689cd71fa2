"""One service for all commands, an agent that fails and one that answers, and the program beside them."""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from orqsite.embedded.ports import LOOPBACK
from tests.agent_server import AgentServer
from tests.client.program import Program
from tests.processes.databases import migrated_database
from tests.processes.service import Service


@pytest.fixture(scope="package")
def agent_server() -> Iterator[AgentServer]:
    """The agents' side."""
    with AgentServer() as server:
        yield server


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory, agent_server: AgentServer) -> Iterator[Service]:
    """Web, beat and worker, with the agents digest and triage."""
    folder = tmp_path_factory.mktemp("client")
    kind = "sqlite" if os.environ["DATABASE_URL"].startswith("sqlite") else "postgresql"
    redis_url = urlsplit(os.environ["REDIS_URL"])._replace(path="/6").geturl()
    with Service(folder, migrated_database(kind, folder), redis_url) as running:
        for key in ("digest", "triage"):
            running.create_agent(key, agent_server.url, max_attempts=1)
        yield running


@pytest.fixture(scope="package")
def program(service: Service) -> Program:
    """With a key that may write."""
    return Program(f"http://{LOOPBACK}:{service.port}", service.token)
