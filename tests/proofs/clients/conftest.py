"""One running service for all clients, and each client's checks."""

import json
import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from orqsite.embedded.ports import LOOPBACK
from tests.processes.databases import migrated_database
from tests.processes.service import Service, document
from tests.proofs.clients.checks import Checks, run_script
from tests.proofs.clients.journey import MODES, Given
from tests.waiting import wait_for

CLIENTS = ("wide", "narrow")

Workspaces = dict[str, dict[str, Given]]
"""What is there before a client comes, by client and mode."""


def pytest_configure(config: pytest.Config) -> None:
    """Name this package's mark."""
    config.addinivalue_line("markers", "clients: runs published clients, each in an environment of its own")


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Web, beat and worker on an empty database of the session's kind."""
    folder = tmp_path_factory.mktemp("clients")
    kind = "sqlite" if os.environ["DATABASE_URL"].startswith("sqlite") else "postgresql"
    redis_url = urlsplit(os.environ["REDIS_URL"])._replace(path="/3").geturl()
    with Service(folder, migrated_database(kind, folder), redis_url) as running:
        yield running


@pytest.fixture(scope="package")
def workspaces(service: Service) -> Workspaces:
    """A workspace for each client and mode, its once schedule fired."""
    arguments = f"'http://{LOOPBACK}:{service.port}', {len(CLIENTS) * len(MODES)}"
    command = f"from tests.proofs.clients.workspaces import print_new; print_new({arguments})"
    made = [Given(**each) for each in json.loads(service.manage("shell", "-v", "0", "--command", command))]
    for given in made:
        _wait_until_fired(service, given)
    return {client: {mode: made.pop() for mode in MODES} for client in CLIENTS}


def _wait_until_fired(service: Service, given: Given) -> None:
    path = f"/v3/agents/{given.agent_key}/schedules/{given.fired_id}"
    with service.client(given.key) as http:
        wait_for(lambda: document(http.get(path), 200)["trigger_count"] == 1, 20, "the once schedule to fire")


@pytest.fixture(scope="package")
def wide(workspaces: Workspaces) -> dict[str, Checks]:
    """The checks of the wide client by mode."""
    return run_script("wide", workspaces["wide"])


@pytest.fixture(scope="package")
def narrow(workspaces: Workspaces) -> dict[str, Checks]:
    """The checks of the narrow client by mode."""
    return run_script("narrow", workspaces["narrow"])


@pytest.fixture(params=CLIENTS)
def client_name(request: pytest.FixtureRequest) -> str:
    """Every client."""
    name: str = request.param
    return name


@pytest.fixture(params=MODES)
def checks(request: pytest.FixtureRequest, client_name: str) -> Checks:
    """The checks of one client, once called the ordinary way and once as coroutines."""
    checks: Checks = request.getfixturevalue(client_name)[request.param]
    return checks
