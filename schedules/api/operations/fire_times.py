"""How previews and explanations are described in /openapi.json."""

from typing import Final

from drf_spectacular.utils import OpenApiExample

from schedules.api.documents import ExplanationDocument, PreviewDocument, SchedulePreviewDocument
from schedules.api.examples import EXPLANATION, PREVIEW, TO_PREVIEW
from schedules.api.operations.describing import OF_BODY, OF_SCHEDULE, answer, errors, operation
from schedules.api.queries import ExplainQuery, PreviewBody, PreviewQuery

PREVIEW_SCHEDULE: Final = operation(
    "preview-agent-schedule",
    "Preview schedule",
    "Lists the fire times of the schedule's current cadence, past ones included if `from` is in the past, but none "
    "before that cadence began. For an inactive schedule: those it would have if it were resumed now.",
    parameters=[*OF_SCHEDULE, PreviewQuery],
    responses={
        200: answer(SchedulePreviewDocument, "Fire times listed.", PREVIEW | {"is_active": True}),
        **errors("invalid_request_body", "schedule_not_found"),
    },
)
PREVIEW_EXPRESSION: Final = operation(
    "preview-schedule-expression",
    "Preview expression",
    "Lists the fire times that an expression would have, without creating a schedule. An expression that create "
    "would refuse is refused here too, and one that create would warn of has the same `warnings`. An interval "
    "counts from `from`. Nothing is changed, so a key with the scope read is enough.",
    request=PreviewBody,
    examples=[OpenApiExample("An expression", TO_PREVIEW, request_only=True)],
    responses={
        200: answer(PreviewDocument, "Fire times listed.", PREVIEW),
        **errors(*(code for code in OF_BODY if code != "agent_not_found")),
    },
)
EXPLAIN_SCHEDULE: Final = operation(
    "explain-agent-schedule",
    "Explain an instant",
    "Explains why the schedule ran, or did not run, at an instant. `outcome`: `ran` (it fired; `run` has the "
    "result), `missed` (`reason` says why it has no run of its own), `not_a_fire_time`, `not_active`, `to_come`, "
    "`due` (it waits for a beat), `unaccounted` (no record: its history was pruned, or something is wrong).",
    parameters=[*OF_SCHEDULE, ExplainQuery],
    responses={
        200: answer(ExplanationDocument, "Instant explained.", EXPLANATION),
        **errors("invalid_request_body", "schedule_not_found"),
    },
)
