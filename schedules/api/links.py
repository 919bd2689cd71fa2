"""Where the answer of create leads: the operations on the schedule it made, as OpenAPI's links."""

from typing import Any, Final

_SCHEDULE: Final = {"agent_key": "$request.path.agent_key", "schedule_id": "$response.body#/_id"}
_UNEDITED: Final = _SCHEDULE | {"header.If-Match": "$response.header.ETag"}
_FIRST_FIRING: Final = _SCHEDULE | {"at": "$response.body#/next_fire_at"}


def _link(operation: str, description: str, parameters: dict[str, str]) -> dict[str, Any]:
    return {"operationId": operation, "description": description, "parameters": parameters}


FROM_CREATE: Final[dict[str, dict[str, Any]]] = {
    "retrieve": _link("retrieve-agent-schedule", "The schedule that was created.", _SCHEDULE),
    "update": _link("update-agent-schedule", "Change it, unless somebody has edited it since.", _UNEDITED),
    "delete": _link("delete-agent-schedule", "Delete it, unless somebody has edited it since.", _UNEDITED),
    "pause": _link("pause-agent-schedule", "Pause it, with a note and an end.", _SCHEDULE),
    "resume": _link("resume-agent-schedule", "Resume it.", _SCHEDULE),
    "trigger": _link("trigger-agent-schedule", "Run it once, apart from its cadence.", _SCHEDULE),
    "preview": _link("preview-agent-schedule", "Its next fire times.", _SCHEDULE),
    "explain": _link("explain-agent-schedule", "What becomes of its first fire time.", _FIRST_FIRING),
    "runs": _link("list-agent-schedule-runs", "Its runs, newest first.", _SCHEDULE),
    "list": _link(
        "list-agent-schedules", "All schedules of its agent.", {"agent_key": _SCHEDULE["agent_key"]}
    ),
}
"""By their names in the document."""


def add_links(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add them to the 201 of create: drf-spectacular has no place for links. A post-processing hook of it."""
    create = result["paths"]["/v3/agents/{agent_key}/schedules"]["post"]
    create["responses"]["201"]["links"] = FROM_CREATE
    return result
