"""Who calls in the API's tests: the workspace's writer and reader, people of elsewhere, and nobody."""

import pytest

from schedules.api import authentication
from schedules.api.api_key_cache import RememberedKeys
from schedules.models import Agent, Schedule, Scope
from tests.api.caller import Caller
from tests.factories import make_agent, make_schedule, make_token, make_workspace


@pytest.fixture
def agent(db: None) -> Agent:
    """The agent most tests are about."""
    return make_agent(key="digest", tags=["v1", "v2"])


@pytest.fixture
def schedule(agent: Agent) -> Schedule:
    """A schedule of that agent."""
    return make_schedule(agent)


@pytest.fixture
def api(agent: Agent) -> Caller:
    """May read and write in the agent's workspace."""
    return Caller(make_token(agent.workspace))


@pytest.fixture
def reader(agent: Agent) -> Caller:
    """May only read in the agent's workspace."""
    return Caller(make_token(agent.workspace, Scope.READ))


@pytest.fixture
def elsewhere(agent: Agent) -> Caller:
    """May write in another workspace, which has an agent of the same key."""
    workspace = make_workspace()
    make_agent(workspace, key=agent.key)
    return Caller(make_token(workspace))


@pytest.fixture
def standing_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys stay remembered however slow the test is."""
    monkeypatch.setattr(authentication, "remembered_keys", RememberedKeys(clock=lambda: 0.0))


@pytest.fixture
def nobody() -> Caller:
    """Has no key."""
    return Caller()
