"""One running service per module, on PostgreSQL; a second kind on SQLite where a test asks for it."""

import os
from collections.abc import Iterator

import pytest

from orqsite.environment import MACHINERY
from tests.agent_server import AgentServer
from tests.processes.databases import migrated_database
from tests.processes.service import Service

KINDS = ("postgresql", "sqlite", "without machinery")
"""The last: on PostgreSQL, with all of ORQ_WITHOUT's names."""


@pytest.fixture(scope="module")
def agent_server() -> Iterator[AgentServer]:
    """The agents' side: an HTTP server that writes down every call."""
    with AgentServer() as server:
        yield server


@pytest.fixture(scope="module")
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Web, beat and worker; parametrised indirectly with one of KINDS."""
    folder = tmp_path_factory.mktemp("service")
    kind: str = request.param
    redis_url = os.environ["REDIS_URL"].removesuffix("/0") + f"/{1 + KINDS.index(kind)}"
    service = Service(folder, migrated_database(kind, folder), redis_url)
    if kind == "without machinery":
        service.environment["ORQ_WITHOUT"] = ",".join(MACHINERY)
    with service as running:
        yield running
