"""The schemas that no serializer declares, and what is said of all of them."""

from itertools import chain
from typing import Any

PAYLOAD: dict[str, Any] = {
    "type": "object",
    "description": "What the agent is given on each run.",
    "properties": {
        "input": {
            "description": "The input of each run: a text, or a list of input items as the Responses "
            "API takes them. `{{name}}` in it is replaced by the variable of that name.",
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "object"}}],
        },
        "memory_entity_id": {
            "type": "string",
            "description": "Whose memory the agent uses: an entity of its memory store.",
        },
        "metadata": {
            "type": "object",
            "description": "Passed to the agent with each run; not interpreted here.",
            "additionalProperties": {},
        },
        "variables": {
            "type": "object",
            "description": "Values for the agent's templates, by name. One written as "
            '`{"secret": true, "value": "…"}` is stored sealed and read back as `********`.',
            "additionalProperties": {},
        },
    },
}

ERROR_DETAIL: dict[str, Any] = {
    "type": "object",
    "description": "What is wrong.",
    "properties": {
        "code": {
            "type": "string",
            "description": "Identifies the error for programs and never changes; listed at /docs/errors.",
        },
        "message": {"type": "string", "description": "Tells a person what is wrong and how to fix it."},
        "type": {"type": "string", "description": "The kind of error, e.g. invalid_request_error."},
        "param": {
            "type": ["string", "null"],
            "description": "The field of the request that is wrong, if it is one.",
        },
        "doc_url": {
            "type": "string",
            "format": "uri-reference",
            "description": "Where the code is explained.",
        },
    },
    "required": ["code", "message", "type", "param", "doc_url"],
}

_DETAIL = {"$ref": "#/components/schemas/PublicScheduleErrorDetail"}
ERROR: dict[str, Any] = {
    "type": "object",
    "description": "The body of every error response except 401.",
    "properties": {"error": _DETAIL},
    "required": ["error"],
}
UNAUTHENTICATED: dict[str, Any] = {
    "type": "object",
    "description": "The body of a 401.",
    "properties": {
        "error": _DETAIL,
        "message": {"type": "string", "description": "The same message."},
        "code": {"type": "integer", "const": 16, "description": "UNAUTHENTICATED."},
    },
    "required": ["error", "message", "code"],
}

COMPONENTS: dict[str, Any] = {
    "PublicSchedulePayload": PAYLOAD,
    "PublicScheduleErrorDetail": ERROR_DETAIL,
    "PublicScheduleError": ERROR,
    "PublicScheduleUnauthenticated": UNAUTHENTICATED,
}
"""By their names in the document."""

MAY_BE_LEFT_OUT = frozenset(
    {"acknowledge-incident", "pause-agent", "pause-agent-schedule", "pause-workspace", "rotate-api-key"}
)
"""Operations whose body is optional as a whole."""


def tidy(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Say what drf-spectacular leaves open, and drop what only its own hooks read. A post-processing hook of it.

    A schema with properties has no others; a body that is described must be sent, even if it may be {}, but for
    those of MAY_BE_LEFT_OUT.
    """
    for schema in result["components"]["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    for operation in chain.from_iterable(methods.values() for methods in result["paths"].values()):
        if "requestBody" in operation:
            operation["requestBody"]["required"] = operation["operationId"] not in MAY_BE_LEFT_OUT
    tidied: dict[str, Any] = _without_enum_ids(result)
    return tidied


def _without_enum_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_enum_ids(part) for name, part in value.items() if name != "x-spec-enum-id"}
    return [_without_enum_ids(part) for part in value] if isinstance(value, list) else value
