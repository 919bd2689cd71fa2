"""The nouns of the domain, one module each."""

from schedules.models.agent import Agent, AgentVersion, RuntimeName
from schedules.models.api_key import ApiKey, Scope
from schedules.models.audit import AuditResult
from schedules.models.epoch import CadenceEpoch, EpochEnd
from schedules.models.idempotency import IdempotencyRecord
from schedules.models.missed import MissedFiring, MissedReason
from schedules.models.next_fire import NextFire, remember_next_fire
from schedules.models.run import (
    FINAL_STATES,
    TRANSITIONS,
    TRIGGER_DELAY,
    UNFINISHED_STATES,
    UNSUCCESSFUL_STATES,
    DiscardReason,
    Run,
    RunState,
    TriggerKind,
    states_before,
)
from schedules.models.schedule import Schedule, ScheduleType
from schedules.models.workspace import Workspace

__all__ = [
    "FINAL_STATES",
    "TRANSITIONS",
    "TRIGGER_DELAY",
    "UNFINISHED_STATES",
    "UNSUCCESSFUL_STATES",
    "Agent",
    "AgentVersion",
    "ApiKey",
    "AuditResult",
    "CadenceEpoch",
    "DiscardReason",
    "EpochEnd",
    "IdempotencyRecord",
    "MissedFiring",
    "MissedReason",
    "NextFire",
    "Run",
    "RunState",
    "RuntimeName",
    "Schedule",
    "ScheduleType",
    "Scope",
    "TriggerKind",
    "Workspace",
    "remember_next_fire",
    "states_before",
]
