"""An agent server, and an agent of it."""

from collections.abc import Iterator

import pytest

from schedules.models import Agent
from tests.agent_server import AgentServer
from tests.factories import make_agent


@pytest.fixture
def server() -> Iterator[AgentServer]:
    with AgentServer() as running:
        yield running


@pytest.fixture
def agent(server: AgentServer) -> Agent:
    return make_agent(runtime="responses", base_url=server.url)
