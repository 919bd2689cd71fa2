"""The web process on each database, which is full of schedules and runs.

No worker and no beat: nothing changes by itself.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from orqsite.embedded.ports import LOOPBACK
from tests.processes.databases import migrated_database
from tests.processes.service import Service
from tests.proofs.fuzz.campaigns import Campaign, Outcome, run
from tests.proofs.fuzz.given import Given
from tests.waiting import wait_for

CAMPAIGNS = (
    Campaign("with a key, as described", "positive", "key", 30),
    Campaign("with a key, not as described", "negative", "key", 30),
    Campaign("with a read-only key", "positive", "reader", 5),
    Campaign("without a key", "positive", None, 5),
)


def pytest_configure(config: pytest.Config) -> None:
    """Name this package's mark."""
    config.addinivalue_line("markers", "fuzz: sends generated requests to the running service")


@dataclass
class Fuzzed:
    """A service and what all campaigns against it came to."""

    service: Service
    given: Given

    @property
    def base_url(self) -> str:
        """Where the service listens."""
        return f"http://{LOOPBACK}:{self.service.port}"

    @cached_property
    def outcomes(self) -> dict[str, Outcome]:
        """By the campaign's name; run when first asked for."""
        folder = self.service.folder
        return {each.name: run(each, self.base_url, self.given, folder) for each in CAMPAIGNS}

    @cached_property
    def operations(self) -> dict[str, dict[str, Any]]:
        """Every operation of the description by its id; its method is added as `method`."""
        paths = httpx2.get(f"{self.base_url}/openapi.json", trust_env=False).json()["paths"]
        return {
            operation["operationId"]: operation | {"method": method.upper()}
            for methods in paths.values()
            for method, operation in methods.items()
        }


@pytest.fixture(scope="package")
def fuzzed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    """On each database."""
    folder = tmp_path_factory.mktemp("fuzz")
    service = _service(folder, request.param)
    try:
        service.start_web()
        wait_for(lambda: _answers(service), 30, "the web process")
        yield Fuzzed(service, _given(service))
    finally:
        service.stop()


def _service(folder: Path, kind: str) -> Service:
    redis_url = urlsplit(os.environ["REDIS_URL"])._replace(path="/4").geturl()
    service = Service(folder, migrated_database(kind, folder), redis_url)
    # Hundreds of requests by one key are the point.
    service.environment |= {"ORQ_RATE_PER_KEY": "0", "ORQ_RATE_TRIGGER_PER_SCHEDULE": "0"}
    return service


def _given(service: Service) -> Given:
    command = "from tests.proofs.fuzz.workspaces import print_new; print_new()"
    return Given(**json.loads(service.manage("shell", "-v", "0", "--command", command)))


def _answers(service: Service) -> bool:
    try:
        return httpx2.get(f"http://{LOOPBACK}:{service.port}/healthz", trust_env=False).status_code == 200
    except httpx2.TransportError:
        return False
