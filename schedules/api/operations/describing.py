"""The words in which operations are described: parameters, headers, answers and errors."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from schedules.api.error_codes import ERRORS, error_body
from schedules.api.etags import TAGS_PATTERN
from schedules.api.idempotency_key import KEY_PATTERN, MAX_KEY

_TAG: Final = "Agent Schedules"

_Operation = Callable[[Any], Any]


def path_parameter(name: str, description: str) -> OpenApiParameter:
    """A name in the path."""
    return OpenApiParameter(name, str, OpenApiParameter.PATH, description=description)


AGENT_KEY: Final = path_parameter("agent_key", "The agent's key, unique in its workspace.")
OF_AGENT: Final = [AGENT_KEY]
OF_SCHEDULE: Final = [
    AGENT_KEY,
    path_parameter("schedule_id", "The schedule's `_id`."),
]
OF_RUN: Final = [
    *OF_SCHEDULE,
    path_parameter("run_id", "The run's `_id`."),
]


def header(name: str, description: str, answers: list[int] | None = None, **schema: Any) -> OpenApiParameter:
    """A header of the request, or of the answers of these statuses."""
    described: dict[str, Any] = {"type": "string"} | schema
    return OpenApiParameter(
        name, described, OpenApiParameter.HEADER, description=description, response=answers or False
    )


def etag(status: int) -> OpenApiParameter:
    """The header ETag of the answers of this status."""
    return header("ETag", "Identifies the schedule's current revision, for use in If-Match.", [status])


IF_MATCH: Final = header(
    "If-Match",
    "One or more ETags, or `*`. The change is made only if the schedule has not been edited since one of them.",
    pattern=TAGS_PATTERN,
)
_RETRY_AFTER: Final = header(
    "Retry-After", "Seconds to wait before the next request.", [429, 503], type="integer", minimum=1
)


def repeatable(status: int) -> list[OpenApiParameter]:
    """Of an operation that a client may repeat without a second effect."""
    return [
        header(
            "Idempotency-Key",
            "A value of your choice, unique to this request. Repeated with the same key within 24 hours, the "
            "request has no second effect and gets the same answer.",
            minLength=1,
            maxLength=MAX_KEY,
            pattern=KEY_PATTERN,
        ),
        header(
            "Idempotency-Replayed",
            "`true` if this is the answer to an earlier request with the same key.",
            [status],
            const="true",
        ),
    ]


_ALWAYS: Final = (
    "authentication_required",
    "invalid_api_key",
    "expired_api_key",
    "rate_limit_exceeded",
    "internal_error",
    "service_unavailable",
)
OF_BODY: Final = (
    "invalid_request_body",
    "invalid_expression",
    "agent_not_found",
    "payload_too_large",
    "unsupported_media_type",
)
OF_AGENT_BODY: Final = (
    "insufficient_scope",
    "invalid_request_body",
    "payload_too_large",
    "unsupported_media_type",
)


def errors(*codes: str) -> dict[int, OpenApiResponse]:
    """The answers of these codes, and of those every operation may give, by status."""
    by_status: dict[int, list[str]] = defaultdict(list)
    for code in (*codes, *_ALWAYS):
        by_status[ERRORS[code].status].append(code)
    return {status: _error_response(status, by_status[status]) for status in sorted(by_status)}


def _error_response(status: int, codes: list[str]) -> OpenApiResponse:
    component = "PublicScheduleUnauthenticated" if status == 401 else "PublicScheduleError"
    return OpenApiResponse(
        {"$ref": f"#/components/schemas/{component}"},
        description=" ".join(f"`{code}`: {ERRORS[code].meaning}" for code in codes),
        examples=[OpenApiExample(code, error_body(code), response_only=True) for code in codes],
    )


def answer(document: Any, description: str, example: Any) -> OpenApiResponse:
    """An answer with a body, and an example of it."""
    examples = [OpenApiExample(description.rstrip("."), example, response_only=True)]
    return OpenApiResponse(document, description=description, examples=examples)


def operation(operation_id: str, summary: str, description: str, **extras: Any) -> _Operation:
    """A decorator for the method of a view that describes it."""
    parameters = [*extras.pop("parameters", ()), _RETRY_AFTER]
    return extend_schema(
        operation_id=operation_id,
        summary=summary,
        description=description,
        tags=[_TAG],
        parameters=parameters,
        **extras,
    )
