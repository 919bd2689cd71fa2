"""Which schedules an agent's runtime can still send after its settings have changed."""

from typing import Final

from schedules import agent_runtimes
from schedules.errors import InvalidRequest
from schedules.models import Agent, Schedule
from schedules.secrets import payloads
from schedules.secrets.payloads import Payload

_CHUNK: Final = 500


def check_fit(agent: Agent, payload: Payload) -> None:
    """InvalidRequest for a payload, as it is stored, that the agent could never be sent."""
    agent_runtimes.check_payload(agent.runtime, payloads.masked(payload), agent.dialect, agent.path)


def count_unfit_schedules(agent: Agent) -> int:
    """How many live schedules have a payload that the agent, as it is set now, can't be sent: their runs fail."""
    stored = Schedule.objects.live().filter(agent=agent).values_list("payload", flat=True)
    return sum(not _fits(agent, payload) for payload in stored.iterator(chunk_size=_CHUNK))


def _fits(agent: Agent, payload: Payload) -> bool:
    try:
        check_fit(agent, payload)
    except InvalidRequest:
        return False
    return True
