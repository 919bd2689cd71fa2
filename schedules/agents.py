"""Agents and their versions: register an agent, give it a tag, make a tag the active one."""

from django.db import transaction

from schedules.errors import AgentNotFound
from schedules.expressions.invalid_expression import quoted
from schedules.models import Agent, AgentVersion, Workspace
from schedules.secrets.sealing import seal


def find_agent(workspace: Workspace, key: str) -> Agent:
    """The workspace's agent of this key; AgentNotFound."""
    agent = Agent.objects.filter(workspace=workspace, key=key).first()
    if agent is None:
        raise AgentNotFound
    return agent


def require_tag(agent: Agent, tag: str | None) -> None:
    """AgentNotFound unless the agent has a version of this tag (None: unpinned, always right)."""
    if tag is not None and not agent.versions.filter(tag=tag).exists():
        raise AgentNotFound(
            f"Agent {quoted(agent.key)} has no version tagged {quoted(tag)}", param="agent_tag"
        )


def set_credential(agent: Agent, clear: str) -> None:
    """Keep the value of the credential header, sealed; an empty text removes it."""
    agent.sealed_credential = seal(clear) if clear else ""
    agent.save(update_fields=["sealed_credential", "updated_at"])


@transaction.atomic
def add_version(agent: Agent, tag: str, *, activate: bool = False) -> AgentVersion:
    """The agent's version of this tag, made when missing, and the active one if asked."""
    Agent.objects.select_for_update().get(pk=agent.pk)
    version, _ = AgentVersion.objects.get_or_create(agent=agent, tag=tag)
    if activate:
        agent.versions.exclude(pk=version.pk).update(is_active=False)
        agent.versions.filter(pk=version.pk).update(is_active=True)
        version.is_active = True
    return version
