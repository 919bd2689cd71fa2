"""How the API describes itself: drf-spectacular's settings."""

from typing import Any

from schedules.api.error_codes import DOCUMENTED_AT
from schedules.api.schemas import COMPONENTS
from schedules.version import VERSION

_SETTINGS: dict[str, Any] = {
    "TITLE": "Agent Schedules",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.0",
    "LICENSE": {"name": "MIT", "identifier": "MIT"},
    "CONTACT": {"name": "Whoever operates this server"},
    "TAGS": [
        {
            "name": "Agent Schedules",
            "description": "Run agents on a cadence: by a cron expression, at an interval, or once. "
            "Firings of a schedule are at least one hour apart.",
        }
    ],
    "APPEND_COMPONENTS": {"schemas": COMPONENTS},
    "POSTPROCESSING_HOOKS": ["schedules.api.schemas.tidy", "schedules.api.links.add_links"],
    "COMPONENT_SPLIT_PATCH": False,
    "SORT_OPERATION_PARAMETERS": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
}


def spectacular_settings(prefix: str) -> dict[str, Any]:
    """Of a service whose paths begin with the prefix."""
    errors = f"{prefix}{DOCUMENTED_AT}"
    return {
        **_SETTINGS,
        "DESCRIPTION": "Run AI agents on a cadence: cron, interval, once, or run now. "
        f"Every error code is explained at [{errors}]({errors}).",
        # Relative: the server that gave the document, under whatever name it was reached.
        "SERVERS": [{"url": prefix or "/"}],
    }
