"""How each operation is described in /openapi.json: names, parameters, answers and examples."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from schedules.api.agent_bodies import AgentChangesBody, NewAgentBody
from schedules.api.agent_documents import AgentDocument, AgentList
from schedules.api.bodies import NewScheduleBody, ScheduleChangesBody
from schedules.api.documents import (
    ExplanationDocument,
    PreviewDocument,
    RunDocument,
    RunList,
    SavedScheduleDocument,
    ScheduleDocument,
    ScheduleList,
    SchedulePreviewDocument,
    Triggered,
)
from schedules.api.error_codes import ERRORS, error_body
from schedules.api.etags import TAGS_PATTERN
from schedules.api.examples import (
    AGENT,
    EXPLANATION,
    JOURNAL_LINE,
    KEY,
    NEW_AGENT,
    NEW_KEY,
    NEW_SCHEDULE,
    PREVIEW,
    RUN,
    SCHEDULE,
    TO_PREVIEW,
)
from schedules.api.idempotency_key import KEY_PATTERN, MAX_KEY
from schedules.api.journal_documents import JournalPage
from schedules.api.key_bodies import NewKeyBody, RotationBody
from schedules.api.key_documents import IssuedKeyDocument, KeyDocument, KeyList
from schedules.api.queries import (
    ExplainQuery,
    JournalQuery,
    PreviewBody,
    PreviewQuery,
    RunListQuery,
    ScheduleListQuery,
)

TAG: Final = "Agent Schedules"

_Operation = Callable[[Any], Any]


def _path_parameter(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.PATH, description=description)


_AGENT: Final = _path_parameter("agent_key", "The agent's key, unique in its workspace.")
_OF_AGENT: Final = [_AGENT]
_OF_SCHEDULE: Final = [
    _AGENT,
    _path_parameter("schedule_id", "The schedule's `_id`."),
]
_OF_RUN: Final = [
    *_OF_SCHEDULE,
    _path_parameter("run_id", "The run's `_id`."),
]


def _header(name: str, description: str, answers: list[int] | None = None, **schema: Any) -> OpenApiParameter:
    """A header of the request, or of the answers of these statuses."""
    described: dict[str, Any] = {"type": "string"} | schema
    return OpenApiParameter(
        name, described, OpenApiParameter.HEADER, description=description, response=answers or False
    )


def _etag(status: int) -> OpenApiParameter:
    return _header("ETag", "Identifies the schedule's current revision, for use in If-Match.", [status])


_IF_MATCH: Final = _header(
    "If-Match",
    "One or more ETags, or `*`. The change is made only if the schedule has not been edited since one of them.",
    pattern=TAGS_PATTERN,
)
_RETRY_AFTER: Final = _header(
    "Retry-After", "Seconds to wait before the next request.", [429, 503], type="integer", minimum=1
)


def _repeatable(status: int) -> list[OpenApiParameter]:
    """Of an operation that a client may repeat without a second effect."""
    return [
        _header(
            "Idempotency-Key",
            "A value of your choice, unique to this request. Repeated with the same key within 24 hours, the "
            "request has no second effect and gets the same answer.",
            minLength=1,
            maxLength=MAX_KEY,
            pattern=KEY_PATTERN,
        ),
        _header(
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
_OF_BODY: Final = (
    "invalid_request_body",
    "invalid_expression",
    "agent_not_found",
    "payload_too_large",
    "unsupported_media_type",
)


def _errors(*codes: str) -> dict[int, OpenApiResponse]:
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


def _answer(document: Any, description: str, example: Any) -> OpenApiResponse:
    examples = [OpenApiExample(description.rstrip("."), example, response_only=True)]
    return OpenApiResponse(document, description=description, examples=examples)


def _operation(operation_id: str, summary: str, description: str, **extras: Any) -> _Operation:
    parameters = [*extras.pop("parameters", ()), _RETRY_AFTER]
    return extend_schema(
        operation_id=operation_id,
        summary=summary,
        description=description,
        tags=[TAG],
        parameters=parameters,
        **extras,
    )


_A_SCHEDULE: Final = [OpenApiExample("A schedule", NEW_SCHEDULE, request_only=True)]
_A_PAUSE: Final = [OpenApiExample("Pause", {"is_active": False}, request_only=True)]

LIST: Final = _operation(
    "list-agent-schedules",
    "List schedules",
    "Lists all schedules of an agent, newest first, or one page of them if `limit` is given.",
    parameters=[*_OF_AGENT, ScheduleListQuery],
    responses={
        200: _answer(ScheduleList, "Schedules listed.", {"schedules": [SCHEDULE]}),
        **_errors("invalid_request_body", "agent_not_found"),
    },
)
CREATE: Final = _operation(
    "create-agent-schedule",
    "Create schedule",
    "Creates an active schedule with generation 1. A schedule fires at most once an hour. `warnings` names what is "
    "accepted although something else was probably meant.",
    parameters=[*_OF_AGENT, *_repeatable(201), _etag(201)],
    request=NewScheduleBody,
    examples=_A_SCHEDULE,
    responses={
        201: _answer(SavedScheduleDocument, "Schedule created.", SCHEDULE),
        **_errors("insufficient_scope", "quota_exceeded", "idempotency_key_reused", *_OF_BODY),
    },
)
RETRIEVE: Final = _operation(
    "retrieve-agent-schedule",
    "Retrieve schedule",
    "Returns the schedule: its cadence, its payload, and how often it has run.",
    parameters=[*_OF_SCHEDULE, _etag(200)],
    responses={
        200: _answer(ScheduleDocument, "The schedule.", SCHEDULE),
        **_errors("schedule_not_found"),
    },
)
UPDATE: Final = _operation(
    "update-agent-schedule",
    "Update schedule",
    "Changes the fields that the body names. A new expression or type restarts the cadence, increments the "
    "generation and resets trigger_count; resuming restarts the cadence and increments the generation. A "
    "payload replaces the whole payload; a masked secret in it keeps its stored value. null clears "
    "agent_tag and display_name.",
    parameters=[*_OF_SCHEDULE, _IF_MATCH, _etag(200)],
    request=ScheduleChangesBody,
    examples=_A_PAUSE,
    responses={
        200: _answer(SavedScheduleDocument, "Schedule updated.", SCHEDULE),
        **_errors(
            "insufficient_scope", "quota_exceeded", "schedule_not_found", "precondition_failed", *_OF_BODY
        ),
    },
)
DELETE: Final = _operation(
    "delete-agent-schedule",
    "Delete schedule",
    "Deletes a schedule. Its pending runs never start.",
    parameters=[*_OF_SCHEDULE, _IF_MATCH],
    request=None,
    responses={
        204: OpenApiResponse(description="Schedule deleted."),
        **_errors("insufficient_scope", "invalid_request_body", "schedule_not_found", "precondition_failed"),
    },
)
TRIGGER: Final = _operation(
    "trigger-agent-schedule",
    "Trigger schedule execution",
    "Requests one run with the current payload. The cadence is not affected. The run starts 10 seconds after the "
    "request, or slightly later. An inactive schedule cannot be triggered. There is no request body.",
    parameters=[*_OF_SCHEDULE, *_repeatable(202)],
    request=None,
    responses={
        202: _answer(
            Triggered,
            "Run triggered.",
            {"status": "triggered", "schedule_id": SCHEDULE["_id"]},
        ),
        **_errors(
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
LIST_RUNS: Final = _operation(
    "list-agent-schedule-runs",
    "List runs",
    "Lists a page of the runs of a schedule, newest first. `from` and `to` refer to the instant at which a run "
    "was created (`created`), which manual runs have too.",
    parameters=[*_OF_SCHEDULE, RunListQuery],
    responses={
        200: _answer(RunList, "Runs listed.", {"runs": [RUN], "next_after": RUN["_id"]}),
        **_errors("invalid_request_body", "schedule_not_found"),
    },
)
RETRIEVE_RUN: Final = _operation(
    "retrieve-agent-schedule-run",
    "Retrieve run",
    "Returns one run of a schedule: its state, its attempts, and the agent's answer.",
    parameters=_OF_RUN,
    responses={
        200: _answer(RunDocument, "Run retrieved.", RUN),
        **_errors("schedule_not_found", "run_not_found"),
    },
)
CANCEL_RUN: Final = _operation(
    "cancel-agent-schedule-run",
    "Cancel run",
    "Cancels a pending or running run; a call in flight is aborted within seconds.",
    parameters=_OF_RUN,
    request=None,
    responses={
        200: _answer(
            RunDocument, "Run cancelled.", RUN | {"state": "cancelled", "reason": "cancelled_by_person"}
        ),
        **_errors("insufficient_scope", "run_not_cancellable", "schedule_not_found", "run_not_found"),
    },
)
PREVIEW_SCHEDULE: Final = _operation(
    "preview-agent-schedule",
    "Preview schedule",
    "Lists the fire times of the schedule's current cadence, past ones included if `from` is in the past, but none "
    "before that cadence began. For an inactive schedule: those it would have if it were resumed now.",
    parameters=[*_OF_SCHEDULE, PreviewQuery],
    responses={
        200: _answer(SchedulePreviewDocument, "Fire times listed.", PREVIEW | {"is_active": True}),
        **_errors("invalid_request_body", "schedule_not_found"),
    },
)
PREVIEW_EXPRESSION: Final = _operation(
    "preview-schedule-expression",
    "Preview expression",
    "Lists the fire times that an expression would have, without creating a schedule. An expression that create "
    "would refuse is refused here too, and one that create would warn of has the same `warnings`. An interval "
    "counts from `from`. Nothing is changed, so a key with the scope read is enough.",
    request=PreviewBody,
    examples=[OpenApiExample("An expression", TO_PREVIEW, request_only=True)],
    responses={
        200: _answer(PreviewDocument, "Fire times listed.", PREVIEW),
        **_errors(*(code for code in _OF_BODY if code != "agent_not_found")),
    },
)
EXPLAIN_SCHEDULE: Final = _operation(
    "explain-agent-schedule",
    "Explain an instant",
    "Explains why the schedule ran, or did not run, at an instant. `outcome`: `ran` (it fired; `run` has the "
    "result), `missed` (`reason` says why it has no run of its own), `not_a_fire_time`, `not_active`, `to_come`, "
    "`due` (it waits for a beat), `unaccounted` (no record: its history was pruned, or something is wrong).",
    parameters=[*_OF_SCHEDULE, ExplainQuery],
    responses={
        200: _answer(ExplanationDocument, "Instant explained.", EXPLANATION),
        **_errors("invalid_request_body", "schedule_not_found"),
    },
)

_AN_AGENT: Final = [OpenApiExample("An agent", NEW_AGENT, request_only=True)]
_A_TIMEOUT: Final = [OpenApiExample("A longer silence", {"read_timeout_seconds": 600}, request_only=True)]
_OF_AGENT_BODY: Final = (
    "insufficient_scope",
    "invalid_request_body",
    "payload_too_large",
    "unsupported_media_type",
)

LIST_AGENTS: Final = _operation(
    "list-agents",
    "List agents",
    "Lists all agents of the key's workspace, newest first; with `limit` a page of them.",
    parameters=[ScheduleListQuery],
    responses={
        200: _answer(AgentList, "Agents listed.", {"agents": [AGENT]}),
        **_errors("invalid_request_body"),
    },
)
CREATE_AGENT: Final = _operation(
    "create-agent",
    "Create agent",
    "Makes an agent that schedules can run. It needs a key of the scope admin.",
    parameters=_repeatable(201),
    request=NewAgentBody,
    examples=_AN_AGENT,
    responses={
        201: _answer(AgentDocument, "Agent created.", AGENT),
        **_errors("agent_exists", "idempotency_key_reused", *_OF_AGENT_BODY),
    },
)
RETRIEVE_AGENT: Final = _operation(
    "retrieve-agent",
    "Retrieve agent",
    "The agent's settings. Of what is secret it only says whether it is there.",
    parameters=_OF_AGENT,
    responses={200: _answer(AgentDocument, "Agent retrieved.", AGENT), **_errors("agent_not_found")},
)
UPDATE_AGENT: Final = _operation(
    "update-agent",
    "Update agent",
    "Changes what the body names; runs that start afterwards use it. A masked value of a header keeps what is "
    "stored. Where scheme, host or port of `base_url` change, each secret that is stored (credential, secret "
    "headers, client key, signing secrets) must be sent anew or removed. It needs a key of the scope admin.",
    parameters=_OF_AGENT,
    request=AgentChangesBody,
    examples=_A_TIMEOUT,
    responses={
        200: _answer(AgentDocument, "Agent updated.", AGENT),
        **_errors("agent_not_found", *_OF_AGENT_BODY),
    },
)
DELETE_AGENT: Final = _operation(
    "delete-agent",
    "Delete agent",
    "Deletes an agent. It is gone at once, and no run of it starts; its schedules end within a while. The history of "
    "their runs stays for operators. It needs a key of the scope admin.",
    parameters=_OF_AGENT,
    request=None,
    responses={
        204: OpenApiResponse(description="Agent deleted."),
        **_errors("insufficient_scope", "agent_not_found"),
    },
)

_OF_KEY: Final = [_path_parameter("key_id", "The key's `_id`, a ULID.")]
_TOKEN: Final = {"token": f"sk-orq-{KEY['_id']}-…"}

LIST_KEYS: Final = _operation(
    "list-api-keys",
    "List API keys",
    "Lists the API keys of the workspace that may do no more than the key that asks, newest first; with `limit` a "
    "page of them. It needs a key of the scope admin, as everything about keys does.",
    parameters=[ScheduleListQuery],
    responses={
        200: _answer(KeyList, "API keys listed.", {"keys": [KEY]}),
        **_errors("insufficient_scope", "invalid_request_body"),
    },
)
CREATE_KEY: Final = _operation(
    "create-api-key",
    "Create API key",
    "Issues an API key that may do no more than the key that asks. Its token is in this answer and nowhere else. "
    "There is no Idempotency-Key: an answer with a token is not kept.",
    request=NewKeyBody,
    examples=[OpenApiExample("A key", NEW_KEY, request_only=True)],
    responses={
        201: _answer(IssuedKeyDocument, "API key created.", KEY | _TOKEN),
        **_errors(*_OF_AGENT_BODY),
    },
)
RETRIEVE_KEY: Final = _operation(
    "retrieve-api-key",
    "Retrieve API key",
    "What an API key may do, and when and from where it was last used.",
    parameters=_OF_KEY,
    responses={
        200: _answer(KeyDocument, "API key retrieved.", KEY),
        **_errors("insufficient_scope", "key_not_found"),
    },
)
REVOKE_KEY: Final = _operation(
    "revoke-api-key",
    "Revoke API key",
    "The key stops working for good, in every process within a second. It stays in the list.",
    parameters=_OF_KEY,
    request=None,
    responses={
        204: OpenApiResponse(description="API key revoked."),
        **_errors("insufficient_scope", "key_not_found"),
    },
)
ROTATE_KEY: Final = _operation(
    "rotate-api-key",
    "Rotate API key",
    "Issues a successor that may do the same. The key itself works for `overlap_seconds` more, a week if the body "
    "does not say, or until its own end if that is sooner.",
    parameters=_OF_KEY,
    request=RotationBody,
    examples=[OpenApiExample("A day together", {"overlap_seconds": 86400}, request_only=True)],
    responses={
        201: _answer(IssuedKeyDocument, "API key rotated.", KEY | _TOKEN | {"replaces_id": KEY["_id"]}),
        **_errors("key_not_found", "key_not_working", *_OF_AGENT_BODY),
    },
)

READ_JOURNAL: Final = _operation(
    "list-journal",
    "Read journal",
    "Lists a page of the workspace's journal, newest first: who changed, ran, cancelled or deleted what, when and "
    "from where, in the API, in the console, by command, and the service by itself. A key of the scope read sees "
    "its own acts; a key that is limited to some agents sees the acts on those agents, their schedules and runs.",
    parameters=[JournalQuery],
    responses={
        200: _answer(
            JournalPage, "Lines listed.", {"lines": [JOURNAL_LINE], "next_after": JOURNAL_LINE["_id"]}
        ),
        **_errors("invalid_request_body"),
    },
)
