"""How pausing and resuming are described in /openapi.json."""

from typing import Final

from drf_spectacular.utils import OpenApiExample

from schedules.api.agent_documents import AgentDocument
from schedules.api.documents import ScheduleDocument
from schedules.api.examples import (
    AGENT,
    PAUSE_OF_AGENT,
    PAUSE_OF_WORKSPACE,
    PAUSE_REQUEST,
    PAUSED_SCHEDULE,
    SCHEDULE,
    WORKSPACE,
)
from schedules.api.operations.describing import OF_AGENT, OF_SCHEDULE, answer, errors, etag, operation
from schedules.api.pause_bodies import PauseBody
from schedules.api.workspace_documents import WorkspaceDocument

_A_HOLD: Final = [OpenApiExample("Until Monday", PAUSE_REQUEST, request_only=True)]
_OF_PAUSE: Final = (
    "insufficient_scope",
    "invalid_request_body",
    "payload_too_large",
    "unsupported_media_type",
)
_OF_RESUME: Final = ("insufficient_scope", "invalid_request_body", "payload_too_large")
_HELD: Final = (
    "Takes effect within two seconds: fire times meanwhile are missed (`paused`), waiting runs are discarded, "
    "running ones finish. The schedules keep generation and cadence. Paused already: note and until are "
    "replaced. "
)

PAUSE_SCHEDULE: Final = operation(
    "pause-agent-schedule",
    "Pause schedule",
    "Pauses a schedule as `is_active: false` does, with a note and until when. Paused already: note and until are "
    "replaced. It needs a key of the scope trigger.",
    parameters=[*OF_SCHEDULE, etag(200)],
    request=PauseBody,
    examples=_A_HOLD,
    responses={
        200: answer(ScheduleDocument, "Schedule paused.", PAUSED_SCHEDULE),
        **errors("schedule_not_found", *_OF_PAUSE),
    },
)
RESUME_SCHEDULE: Final = operation(
    "resume-agent-schedule",
    "Resume schedule",
    "Resumes a schedule as `is_active: true` does; one that is not paused stays as it is. A hold of its agent or "
    "workspace is not lifted: `pause` then names that. It needs a key of the scope trigger. There is no body.",
    parameters=[*OF_SCHEDULE, etag(200)],
    request=None,
    responses={
        200: answer(ScheduleDocument, "Schedule resumed.", SCHEDULE),
        **errors("schedule_not_found", "invalid_expression", *_OF_RESUME),
    },
)
PAUSE_AGENT: Final = operation(
    "pause-agent",
    "Pause agent",
    "Holds all schedules of an agent. " + _HELD + "It needs a key of the scope trigger.",
    parameters=OF_AGENT,
    request=PauseBody,
    examples=_A_HOLD,
    responses={
        200: answer(AgentDocument, "Agent paused.", AGENT | {"pause": PAUSE_OF_AGENT}),
        **errors("agent_not_found", *_OF_PAUSE),
    },
)
RESUME_AGENT: Final = operation(
    "resume-agent",
    "Resume agent",
    "Lifts the hold of an agent, and no other: schedules that are paused themselves stay so. It needs a key of the "
    "scope trigger. There is no body.",
    parameters=OF_AGENT,
    request=None,
    responses={
        200: answer(AgentDocument, "Agent resumed.", AGENT),
        **errors("agent_not_found", *_OF_RESUME),
    },
)
RETRIEVE_WORKSPACE: Final = operation(
    "retrieve-workspace",
    "Retrieve workspace",
    "The workspace of the key, and what holds it.",
    responses={200: answer(WorkspaceDocument, "Workspace retrieved.", WORKSPACE), **errors()},
)
PAUSE_WORKSPACE: Final = operation(
    "pause-workspace",
    "Pause workspace",
    "Holds all schedules of the workspace. "
    + _HELD
    + "It needs a key of the scope admin that reaches all agents.",
    request=PauseBody,
    examples=_A_HOLD,
    responses={
        200: answer(WorkspaceDocument, "Workspace paused.", WORKSPACE | {"pause": PAUSE_OF_WORKSPACE}),
        **errors(*_OF_PAUSE),
    },
)
RESUME_WORKSPACE: Final = operation(
    "resume-workspace",
    "Resume workspace",
    "Lifts the hold of the workspace, and no other. It needs a key of the scope admin that reaches all agents. There "
    "is no request body.",
    request=None,
    responses={
        200: answer(WorkspaceDocument, "Workspace resumed.", WORKSPACE),
        **errors(*_OF_RESUME),
    },
)
