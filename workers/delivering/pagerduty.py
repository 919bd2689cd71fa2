"""An alert as PagerDuty's Events API v2 takes it: https://developer.pagerduty.com/docs/send-alert-event."""

import json
from typing import Any, Final

from schedules.models import Delivery

_SEVERITIES: Final = frozenset({"critical", "error", "warning", "info"})


def event_of(delivery: Delivery, routing_key: str) -> dict[str, Any]:
    """One incident there for each of ours: opened and told of again by its id, and resolved with it."""
    event: dict[str, Any] = {
        "routing_key": routing_key,
        "event_action": "resolve" if delivery.is_end else "trigger",
        "dedup_key": delivery.incident_id or delivery.id,
    }
    if delivery.is_end:
        return event
    document = json.loads(delivery.body)
    console_url = document["data"].get("console_url")
    payload = {
        "summary": delivery.summary,
        "source": "agent-schedules",
        "severity": delivery.severity if delivery.severity in _SEVERITIES else "warning",
        "timestamp": document["timestamp"],
        "class": delivery.type,
        "custom_details": document["data"],
    }
    links = [{"href": console_url, "text": "Open in the console"}] if console_url else []
    return event | {"payload": payload, "client": "Agent Schedules", "links": links}
