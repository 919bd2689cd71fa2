"""Every reason there is for which a run ends without success, as docs/runs.md explains them."""

from typing import Final

from schedules.models import DiscardReason
from schedules.runs.leases import LOST
from schedules.runs.transitions import CANCELLED_BY_PERSON

FAILURES: Final = (
    *("agent_unreachable", "agent_timeout", "agent_http_error", "agent_failed", "agent_incomplete"),
    *("agent_refused", "agent_awaits_tool", "agent_awaits_approval", "agent_awaits_input"),
    *("redirect_refused", "invalid_response", "response_too_large", "invalid_endpoint"),
    *("secret_unreadable", "internal_error"),
)
"""Codes with which a call fails; a runtime from another package may have its own."""

REASONS: Final = (LOST, *FAILURES, *DiscardReason.values, CANCELLED_BY_PERSON)
