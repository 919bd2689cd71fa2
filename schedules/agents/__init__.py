"""Agents: whom schedules run, how they are called, their versions. Console, command and API call the same verbs."""

from schedules.agents.changing import AgentChanges, Saved, create, delete, update
from schedules.agents.finding import find_agent, require_tag
from schedules.agents.fitting import check_fit, count_unfit_schedules
from schedules.agents.secret_settings import set_credential
from schedules.agents.versions import add_version

__all__ = [
    "AgentChanges",
    "Saved",
    "add_version",
    "check_fit",
    "count_unfit_schedules",
    "create",
    "delete",
    "find_agent",
    "require_tag",
    "set_credential",
    "update",
]
