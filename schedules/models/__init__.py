"""The nouns of the domain, one module each."""

from schedules.models.agent import CHANGE_ORIGIN, DEFAULT_RUNTIME, Agent, AgentVersion
from schedules.models.alert_rule import AlertRule
from schedules.models.alert_signal import LATE_FROM, AlertSignal, ScheduleHealth, SignalKind
from schedules.models.api_key import ApiKey, Scope
from schedules.models.attempt import WORKER_LOST, WORKER_STOPPED, AttemptOutcome, RunAttempt
from schedules.models.audit import AuditResult
from schedules.models.clock_leap import ClockLeap
from schedules.models.coming_load import EVERYWHERE, ComingLoad
from schedules.models.delivery import ATTEMPT_OUTCOMES, Delivery, DeliveryCount, DeliveryState
from schedules.models.epoch import CadenceEpoch, EpochEnd
from schedules.models.hold import NOTE_LENGTH, Hold, HoldScope
from schedules.models.idempotency import IdempotencyRecord
from schedules.models.incident import AlertEvent, Digest, Incident, Subject
from schedules.models.journal import JournalEntry
from schedules.models.known_key import KnownEncryptionKey
from schedules.models.login_failures import LoginFailures
from schedules.models.membership import Membership, Role
from schedules.models.missed import MissedFiring, MissedReason
from schedules.models.next_fire import NextFire, remember_next_fire
from schedules.models.process import ProcessKind, ProcessRegistration
from schedules.models.provider_account import ProviderAccount
from schedules.models.run import (
    FINAL_STATES,
    RESPONSE_ID_LENGTH,
    TRANSITIONS,
    TRIGGER_DELAY,
    UNFINISHED_STATES,
    UNSUCCESSFUL_STATES,
    DiscardReason,
    Run,
    RunState,
    TriggerKind,
    idempotency_key,
    states_before,
)
from schedules.models.schedule import PauseReason, Schedule, ScheduleType
from schedules.models.tally import HourTally, ScheduleCount, TallyDelta, TallyTotal
from schedules.models.traceparent import root_traceparent, valid_traceparent
from schedules.models.webhook import SECRET_TARGETS, Channel, DisabledReason, Webhook
from schedules.models.workspace import Workspace

__all__ = [
    "ATTEMPT_OUTCOMES",
    "CHANGE_ORIGIN",
    "DEFAULT_RUNTIME",
    "EVERYWHERE",
    "FINAL_STATES",
    "LATE_FROM",
    "NOTE_LENGTH",
    "RESPONSE_ID_LENGTH",
    "SECRET_TARGETS",
    "TRANSITIONS",
    "TRIGGER_DELAY",
    "UNFINISHED_STATES",
    "UNSUCCESSFUL_STATES",
    "WORKER_LOST",
    "WORKER_STOPPED",
    "Agent",
    "AgentVersion",
    "AlertEvent",
    "AlertRule",
    "AlertSignal",
    "ApiKey",
    "AttemptOutcome",
    "AuditResult",
    "CadenceEpoch",
    "Channel",
    "ClockLeap",
    "ComingLoad",
    "Delivery",
    "DeliveryCount",
    "DeliveryState",
    "Digest",
    "DisabledReason",
    "DiscardReason",
    "EpochEnd",
    "Hold",
    "HoldScope",
    "HourTally",
    "IdempotencyRecord",
    "Incident",
    "JournalEntry",
    "KnownEncryptionKey",
    "LoginFailures",
    "Membership",
    "MissedFiring",
    "MissedReason",
    "NextFire",
    "PauseReason",
    "ProcessKind",
    "ProcessRegistration",
    "ProviderAccount",
    "Role",
    "Run",
    "RunAttempt",
    "RunState",
    "Schedule",
    "ScheduleCount",
    "ScheduleHealth",
    "ScheduleType",
    "Scope",
    "SignalKind",
    "Subject",
    "TallyDelta",
    "TallyTotal",
    "TriggerKind",
    "Webhook",
    "Workspace",
    "idempotency_key",
    "remember_next_fire",
    "root_traceparent",
    "states_before",
    "valid_traceparent",
]
