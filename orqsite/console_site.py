"""How the operator console looks: django-unfold's settings."""

from typing import Any

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Agent Schedules",
    "SITE_HEADER": "Agent Schedules",
    "SITE_SYMBOL": "schedule",
}
