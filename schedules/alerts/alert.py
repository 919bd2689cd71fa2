"""Alert: one message about an incident, before it is known who gets it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class Alert:
    """`type`: `<rule>.<event>`; `summary`: one sentence for people; `data`: what programs get; `ends`: it is over."""

    type: str
    workspace_id: UUID
    incident_id: str
    created_at: datetime
    severity: str
    summary: str
    data: dict[str, object]
    ends: bool = False
