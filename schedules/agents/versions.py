"""An agent's versions: tags that schedules can pin, one of them active."""

from django.db import transaction

from schedules import journal
from schedules.models import Agent, AgentVersion


@transaction.atomic
def add_version(agent: Agent, tag: str, *, activate: bool = False) -> AgentVersion:
    """The agent's version of this tag, made when missing, and the active one if asked."""
    Agent.objects.select_for_update().get(pk=agent.pk)
    before = agent.versions.filter(is_active=True).values_list("tag", flat=True).first()
    version, is_new = AgentVersion.objects.get_or_create(agent=agent, tag=tag)
    if activate:
        agent.versions.exclude(pk=version.pk).update(is_active=False)
        agent.versions.filter(pk=version.pk).update(is_active=True)
        version.is_active = True
    changes = journal.difference({"active_tag": before}, {"active_tag": tag}) if activate else {}
    changes |= journal.first_values({"tag": tag}) if is_new else {}
    journal.record("set_version", agent, changes)
    return version
