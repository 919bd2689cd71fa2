"""Judge an error that an agent's server tells under a status of success, as gateways do."""

from typing import Any

from workers.runtimes.base import CallFailed
from workers.runtimes.documents import Redact, reason_in
from workers.runtimes.line import RETRYABLE

PASSING = frozenset({"rate_limit_exceeded", "server_error"})
"""Words for what another attempt may mend."""


def raise_told_error(document: dict[str, Any], redact: Redact) -> None:
    """Raise `CallFailed` (agent_failed, with the agent's words) when the document is about an error."""
    if error := document.get("error"):
        raise CallFailed(
            "agent_failed",
            f"the agent reports an error{reason_in(error, redact)}",
            is_retryable=is_passing(error),
        )


def is_told(error: Any) -> bool:
    """Whether an `error` says anything: some servers send one that is all null with every answer."""
    return any(value is not None for value in error.values()) if isinstance(error, dict) else bool(error)


def is_passing(error: Any) -> bool:
    """Whether another attempt may help, by the error's code or type."""
    return isinstance(error, dict) and any(_is_passing(error.get(name)) for name in ("code", "type"))


def _is_passing(code: Any) -> bool:
    """By its word, or by the HTTP status that stands in for one, as a number or in digits."""
    if isinstance(code, str) and code in PASSING:
        return True
    status = int(code) if isinstance(code, int) or (isinstance(code, str) and code.isdecimal()) else 0
    return status in RETRYABLE or 500 <= status < 600
