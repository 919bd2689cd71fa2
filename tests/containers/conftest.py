"""An engine, the project built and up in it, and a client of its API behind the proxy."""

from collections.abc import Iterator

import httpx2
import pytest

from tests.containers.engine import Engine, why_not
from tests.containers.project import Project


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The one of this run."""
    if lacking := why_not():
        pytest.fail(lacking)
    with Engine(tmp_path_factory.mktemp("share")) as engine:
        yield engine


@pytest.fixture(scope="session")
def project(engine: Engine) -> Iterator[Project]:
    """Built, and up."""
    project = Project(engine)
    project.done("up", "--build", "--detach", "--wait")
    yield project
    project.compose("down", "--volumes", "--timeout", "5")


@pytest.fixture
def api(project: Project) -> Iterator[httpx2.Client]:
    """With a key of a workspace that has an agent that answers by itself."""
    key = project.manage("create_api_key", "--workspace=containers")
    project.manage("create_agent", "echoing", "--workspace=containers", "--runtime=echo")
    headers = {"Authorization": f"Bearer {key}"}
    with httpx2.Client(base_url=project.url, headers=headers, trust_env=False, timeout=20) as client:
        yield client
