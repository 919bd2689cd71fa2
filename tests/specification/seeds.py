"""The facts of the two documents the public API is known by, without their sentences.

A schema is written as JSON Schema, without descriptions.
"""

from typing import Any, Final

_TEXT: Final = {"type": "string"}
_INSTANT: Final = {"type": "string", "format": "date-time"}
_COUNT: Final = {"type": "integer", "format": "int64"}
_FLAG: Final = {"type": "boolean"}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: str, **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "additionalProperties": False, "properties": properties}
    return schema | ({"required": required.split()} if required else {})


_OPEN: Final = {"type": "object", "additionalProperties": {}}
_ERROR: Final = _object("error", error=_ref("PublicScheduleErrorDetail"))
_SCHEDULE: Final = _object(
    "_id agent_key type expression is_active generation payload created_by_id created updated trigger_count",
    _id=_TEXT,
    agent_key=_TEXT,
    agent_tag=_TEXT,
    created=_INSTANT,
    created_by_id=_TEXT,
    expression=_TEXT,
    generation=_COUNT,
    is_active=_FLAG,
    last_triggered_at=_INSTANT,
    payload=_ref("PublicSchedulePayload"),
    trigger_count=_COUNT,
    type={"type": "string", "enum": ["cron", "once", "interval"]},
    updated=_INSTANT,
)
_PATH: Final = "/v3/agents/{agent_key}/schedules/{schedule_id}"
_PARAMETERS: Final = [
    {"name": name, "in": "path", "required": True, "schema": _TEXT} for name in ("agent_key", "schedule_id")
]


def _answers(**schemas: Any) -> dict[str, Any]:
    return {
        status.removeprefix("_"): {"content": {"application/json": {"schema": schema}}}
        for status, schema in schemas.items()
    }


DOCUMENT: Final[dict[str, Any]] = {
    "openapi": "3.1.0",
    "info": {"title": "orq.ai API", "version": "2.0"},
    "servers": [{"url": "https://api.orq.ai"}],
    "externalDocs": {"url": "https://docs.orq.ai"},
    "security": [{"ApiKey": []}],
    "paths": {
        _PATH: {
            "get": {
                "operationId": "retrieve-agent-schedule",
                "summary": "Retrieve schedule",
                "tags": ["Agent Schedules"],
                "parameters": _PARAMETERS,
                "responses": _answers(_200=_SCHEDULE, _404=_ERROR),
            }
        },
        f"{_PATH}/execution": {
            "post": {
                "operationId": "trigger-agent-schedule",
                "summary": "Trigger schedule execution",
                "tags": ["Agent Schedules"],
                "parameters": _PARAMETERS,
                "responses": _answers(
                    _202=_object("status schedule_id", schedule_id=_TEXT, status=_TEXT),
                    _400=_ERROR,
                    _404=_ERROR,
                ),
            }
        },
    },
    "components": {
        "schemas": {
            "PublicSchedulePayload": _object(
                "", input={}, memory_entity_id=_TEXT, metadata=_OPEN, variables=_OPEN
            ),
            "PublicScheduleErrorDetail": _object("code message", code=_TEXT, message=_TEXT),
        },
        "securitySchemes": {"ApiKey": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
    },
}
