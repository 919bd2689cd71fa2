"""Which agent a name means."""

from schedules.errors import AgentNotFound
from schedules.expressions.invalid_expression import quoted
from schedules.models import Agent, Workspace


def find_agent(workspace: Workspace, key: str) -> Agent:
    """The workspace's agent of this key; AgentNotFound, also for a deleted one."""
    agent = Agent.objects.live().filter(workspace=workspace, key=key).first()
    if agent is None:
        raise AgentNotFound
    return agent


def require_tag(agent: Agent, tag: str | None) -> None:
    """AgentNotFound unless the agent has a version of this tag (None: unpinned, always right)."""
    if tag is not None and not agent.versions.filter(tag=tag).exists():
        raise AgentNotFound(
            f"Agent {quoted(agent.key)} has no version tagged {quoted(tag)}", param="agent_tag"
        )
