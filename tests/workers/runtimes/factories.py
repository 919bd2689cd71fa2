"""Calls and endpoints for tests; durations in seconds."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from workers.runtimes import AgentCall, Endpoint

CREDENTIAL = "Bearer sk-agent-0123456789"


def make_call(**changes: Any) -> AgentCall:
    fields: dict[str, Any] = {
        "run_id": "01KPN29WWKSK0VDPJNTKZPVNRB",
        "attempt": 1,
        "agent_key": "digest",
        "agent_tag": None,
        "input": "Good morning, {{name}}",
        "variables": {"name": "Ada"},
        "metadata": {},
        "memory_entity_id": None,
    }
    return AgentCall(**{**fields, **changes})


def make_endpoint(
    base_url: str, *, connect: float = 2, read: float = 5, total: float = 10, **changes: Any
) -> Endpoint:
    fields: dict[str, Any] = {
        "base_url": base_url,
        "path": "/v3/router/responses",
        "credential_header": "Authorization",
        "credential": CREDENTIAL,
        "connect_timeout": timedelta(seconds=connect),
        "read_timeout": timedelta(seconds=read),
        "total_timeout": timedelta(seconds=total),
        "max_response_bytes": 1024 * 1024,
    }
    return Endpoint(**{**fields, **changes})


BUSY = 3.0
"""Seconds that a busy machine may add to what must be prompt: without its limit such a call takes minutes."""


def never() -> bool:
    """A `should_abort` of a call nobody wants to abort."""
    return False


def after(seconds: float) -> Callable[[], bool]:
    """A `should_abort` that turns true that long from now."""
    abort_at = time.monotonic() + seconds
    return lambda: time.monotonic() >= abort_at


def wait_until(is_true: Callable[[], bool], seconds: float = 5) -> None:
    """Return as soon as it is true; fail when it is not within that time."""
    give_up_at = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < give_up_at, f"still not true after {seconds} s"
        time.sleep(0.01)
