"""What a claim gives a worker."""

from dataclasses import dataclass
from datetime import datetime

from schedules.models import Agent
from schedules.secrets.payloads import Payload


@dataclass(frozen=True, slots=True)
class Claimed:
    """The right to make one attempt: everything the call needs, so that no database is needed meanwhile."""

    run_id: str
    attempt: int
    schedule_id: str
    agent_tag: str | None
    payload: Payload
    lease_expires_at: datetime
    agent: Agent

    @property
    def max_attempts(self) -> int:
        """As the agent had it at the claim, which wrote it to the run."""
        return self.agent.max_attempts
