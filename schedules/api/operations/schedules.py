"""How the operations on an agent's schedules are described in /openapi.json."""

from typing import Final

from drf_spectacular.utils import OpenApiExample, OpenApiResponse

from schedules.api.bodies import NewScheduleBody, ScheduleChangesBody
from schedules.api.documents import SavedScheduleDocument, ScheduleDocument, ScheduleList, Triggered
from schedules.api.examples import NEW_SCHEDULE, SCHEDULE
from schedules.api.operations.describing import (
    IF_MATCH,
    OF_AGENT,
    OF_BODY,
    OF_SCHEDULE,
    answer,
    errors,
    etag,
    operation,
    repeatable,
)
from schedules.api.queries import ScheduleListQuery

_A_SCHEDULE: Final = [OpenApiExample("A schedule", NEW_SCHEDULE, request_only=True)]
_A_PAUSE: Final = [OpenApiExample("Pause", {"is_active": False}, request_only=True)]

LIST: Final = operation(
    "list-agent-schedules",
    "List schedules",
    "Lists all schedules of an agent, newest first, or one page of them if `limit` is given.",
    parameters=[*OF_AGENT, ScheduleListQuery],
    responses={
        200: answer(ScheduleList, "Schedules listed.", {"schedules": [SCHEDULE]}),
        **errors("invalid_request_body", "agent_not_found"),
    },
)
CREATE: Final = operation(
    "create-agent-schedule",
    "Create schedule",
    "Creates an active schedule with generation 1. A schedule fires at most once an hour. `warnings` names what is "
    "accepted although something else was probably meant.",
    parameters=[*OF_AGENT, *repeatable(201), etag(201)],
    request=NewScheduleBody,
    examples=_A_SCHEDULE,
    responses={
        201: answer(SavedScheduleDocument, "Schedule created.", SCHEDULE),
        **errors("insufficient_scope", "quota_exceeded", "idempotency_key_reused", *OF_BODY),
    },
)
RETRIEVE: Final = operation(
    "retrieve-agent-schedule",
    "Retrieve schedule",
    "Returns the schedule: its cadence, its payload, and how often it has run.",
    parameters=[*OF_SCHEDULE, etag(200)],
    responses={
        200: answer(ScheduleDocument, "The schedule.", SCHEDULE),
        **errors("schedule_not_found"),
    },
)
UPDATE: Final = operation(
    "update-agent-schedule",
    "Update schedule",
    "Changes the fields that the body names. A new expression or type restarts the cadence, increments the "
    "generation and resets trigger_count; resuming restarts the cadence and increments the generation. A "
    "payload replaces the whole payload; a masked secret in it keeps its stored value. null clears "
    "agent_tag and display_name.",
    parameters=[*OF_SCHEDULE, IF_MATCH, etag(200)],
    request=ScheduleChangesBody,
    examples=_A_PAUSE,
    responses={
        200: answer(SavedScheduleDocument, "Schedule updated.", SCHEDULE),
        **errors(
            "insufficient_scope", "quota_exceeded", "schedule_not_found", "precondition_failed", *OF_BODY
        ),
    },
)
DELETE: Final = operation(
    "delete-agent-schedule",
    "Delete schedule",
    "Deletes a schedule. Its pending runs never start.",
    parameters=[*OF_SCHEDULE, IF_MATCH],
    request=None,
    responses={
        204: OpenApiResponse(description="Schedule deleted."),
        **errors("insufficient_scope", "invalid_request_body", "schedule_not_found", "precondition_failed"),
    },
)
TRIGGER: Final = operation(
    "trigger-agent-schedule",
    "Trigger schedule execution",
    "Requests one run with the current payload. The cadence is not affected. The run starts 10 seconds after the "
    "request, or slightly later. An inactive schedule cannot be triggered. There is no request body.",
    parameters=[*OF_SCHEDULE, *repeatable(202)],
    request=None,
    responses={
        202: answer(
            Triggered,
            "Run triggered.",
            {"status": "triggered", "schedule_id": SCHEDULE["_id"]},
        ),
        **errors(
            "insufficient_scope",
            "quota_exceeded",
            "invalid_request_body",
            "schedule_inactive",
            "schedule_not_found",
            "idempotency_key_reused",
            "payload_too_large",
        ),
    },
)
