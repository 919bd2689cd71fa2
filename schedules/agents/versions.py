"""An agent's versions: tags that schedules can pin, one of them active."""

from django.db import transaction

from schedules.models import Agent, AgentVersion


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
