"""Adapters that call an agent, by the name that an agent's settings give."""

from workers.runtimes.base import (
    AgentCall,
    Answer,
    CallAborted,
    CallFailed,
    Endpoint,
    Needs,
    PayloadRefused,
    Runtime,
)
from workers.runtimes.registry import UnknownRuntime, runtime_for, runtime_names, runtimes

__all__ = [
    "AgentCall",
    "Answer",
    "CallAborted",
    "CallFailed",
    "Endpoint",
    "Needs",
    "PayloadRefused",
    "Runtime",
    "UnknownRuntime",
    "runtime_for",
    "runtime_names",
    "runtimes",
]
