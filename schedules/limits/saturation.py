"""That an agent has no free slot is said once in a while, however many of its runs wait."""

import time
from typing import Final

import structlog

from schedules.limits.calls_in_flight import WORKSPACE, Full
from schedules.models import Agent

log = structlog.get_logger(__name__)

PAUSE_SECONDS: Final = 60.0
"""Between two lines about one agent, in one process."""

MOST: Final = 10_000
"""Agents in memory; when there are more all are forgotten."""

_said_at: dict[str, float] = {}
_crowded_at: float = 0.0


def report(agent: Agent, full: Full) -> None:
    """A run of this agent has to wait; the log hears of it unless it just has."""
    global _crowded_at
    now = time.monotonic()
    if full.owner == WORKSPACE:
        _crowded_at = now
    if now - _said_at.get(agent.id, -PAUSE_SECONDS) < PAUSE_SECONDS:
        return
    if len(_said_at) >= MOST:
        _said_at.clear()
    _said_at[agent.id] = now
    log.warning(
        "agent.saturated",
        agent_key=agent.key,
        workspace_id=str(agent.workspace_id),
        full=full.owner,
        in_flight=full.count,
        limit=full.limit,
    )


def was_a_workspace_full() -> bool:
    """Whether this process has seen a whole workspace without a free slot lately: runs of any agent may wait."""
    return bool(_crowded_at) and time.monotonic() - _crowded_at < PAUSE_SECONDS
