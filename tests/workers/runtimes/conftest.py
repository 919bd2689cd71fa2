"""A real agent server for each test that asks for one."""

from collections.abc import Iterator

import pytest

from tests.agent_server import AgentServer


@pytest.fixture
def agent() -> Iterator[AgentServer]:
    with AgentServer() as server:
        yield server
