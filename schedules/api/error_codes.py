"""Every error code a client can meet, in one table: its status, its kind, what it means and how to fix it."""

from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings

DOCUMENTED_AT: Final = "/docs/errors"
UNAUTHENTICATED: Final = 16
"""The top-level `code` of every 401 (the number of gRPC's UNAUTHENTICATED); the newest client models it so."""


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """`type` groups codes for clients that only ask what kind of error it is."""

    status: int
    type: str
    meaning: str


_NOT_FOUND = "not_found_error"
_REQUEST = "invalid_request_error"
_AUTHENTICATION = "authentication_error"
_SERVER = "server_error"

ERRORS: Final[dict[str, ErrorCode]] = {
    "authentication_required": ErrorCode(
        401, _AUTHENTICATION, "No API key was sent. Send the header Authorization: Bearer sk-orq-…"
    ),
    "invalid_api_key": ErrorCode(
        401, _AUTHENTICATION, "The API key is unknown, disabled or revoked. Use another key."
    ),
    "expired_api_key": ErrorCode(401, _AUTHENTICATION, "The API key has expired. Use another key."),
    "insufficient_scope": ErrorCode(
        403, "permission_error", "The API key's scope is too low. The message names the scope that is needed."
    ),
    "quota_exceeded": ErrorCode(
        403,
        "quota_error",
        "Workspace or agent have used up a quota. Delete schedules, shorten payloads or wait for pending runs.",
    ),
    "invalid_request_body": ErrorCode(
        400, _REQUEST, "The request does not have the documented form. `param` names the field."
    ),
    "invalid_expression": ErrorCode(
        400, _REQUEST, "The expression or its type is not valid. The message shows a valid example."
    ),
    "schedule_inactive": ErrorCode(
        400, _REQUEST, "Cannot trigger an inactive schedule. Set is_active to true first."
    ),
    "run_not_cancellable": ErrorCode(
        400, _REQUEST, "The run has ended. Only a pending or running run can be cancelled."
    ),
    "run_not_retryable": ErrorCode(
        400,
        _REQUEST,
        "The run has not ended, has succeeded, or is being run again already. Only an unsuccessful run can be run "
        "again, and only once at a time.",
    ),
    "agent_not_found": ErrorCode(
        404,
        _NOT_FOUND,
        "The key's workspace has no such agent, or the agent has no version of this agent_tag.",
    ),
    "schedule_not_found": ErrorCode(
        404, _NOT_FOUND, "The agent has no such schedule. A deleted schedule is not found either."
    ),
    "run_not_found": ErrorCode(404, _NOT_FOUND, "The schedule has no such run, or its history was pruned."),
    "key_not_found": ErrorCode(
        404,
        _NOT_FOUND,
        "The workspace has no such API key, or it may do more than the key that asks.",
    ),
    "incident_not_found": ErrorCode(
        404, _NOT_FOUND, "The workspace has no such incident, or it was over long ago and has been deleted."
    ),
    "alert_rule_not_found": ErrorCode(
        404, _NOT_FOUND, "There is no alert rule of this name. GET /v3/alert-rules lists them."
    ),
    "webhook_not_found": ErrorCode(404, _NOT_FOUND, "The workspace has no such endpoint."),
    "delivery_not_found": ErrorCode(
        404, _NOT_FOUND, "The workspace has no such delivery, or it was pruned with its history."
    ),
    "webhook_disabled": ErrorCode(
        400, _REQUEST, "The endpoint is switched off. Set is_enabled to true first."
    ),
    "delivery_not_replayable": ErrorCode(
        400,
        _REQUEST,
        "The message is still on its way. Only what was delivered or is dead can be sent again.",
    ),
    "not_found": ErrorCode(404, _NOT_FOUND, "There is no such path. No path of the API ends in a slash."),
    "method_not_allowed": ErrorCode(
        405, _REQUEST, "This path does not support this method. The header Allow names those it supports."
    ),
    "key_not_working": ErrorCode(
        400, _REQUEST, "The API key has been revoked, disabled or has expired. Issue a new one."
    ),
    "incident_closed": ErrorCode(
        400, _REQUEST, "The incident is over. Only an open incident can be acknowledged."
    ),
    "agent_exists": ErrorCode(
        409, _REQUEST, "The workspace has an agent of this key already. Update it, or choose another key."
    ),
    "idempotency_key_reused": ErrorCode(
        409,
        _REQUEST,
        "The Idempotency-Key was used for another request. Use a new key for each request.",
    ),
    "precondition_failed": ErrorCode(
        412,
        _REQUEST,
        "The schedule has been edited since the ETag in If-Match. Retrieve it and apply the change again.",
    ),
    "payload_too_large": ErrorCode(413, _REQUEST, "The request body is too large. Send a smaller payload."),
    "unsupported_media_type": ErrorCode(
        415, _REQUEST, "The body must be JSON. Send it with the header Content-Type: application/json."
    ),
    "rate_limit_exceeded": ErrorCode(
        429,
        "rate_limit_error",
        "Too many requests. Wait for the number of seconds in Retry-After, then try again.",
    ),
    "internal_error": ErrorCode(
        500, _SERVER, "An unexpected error occurred and was logged. The request may be tried again."
    ),
    "service_unavailable": ErrorCode(
        503, _SERVER, "The database cannot be reached at the moment. Try again in a few seconds."
    ),
}

_BY_STATUS: Final = {
    400: "invalid_request_body",
    401: "authentication_required",
    403: "insufficient_scope",
    404: "not_found",
    405: "method_not_allowed",
    409: "idempotency_key_reused",
    412: "precondition_failed",
    413: "payload_too_large",
    415: "unsupported_media_type",
    429: "rate_limit_exceeded",
    503: "service_unavailable",
}


def code_of_status(status: int) -> str:
    """The code that says no more than the status does."""
    return _BY_STATUS.get(status, "internal_error" if status >= 500 else "invalid_request_body")


def error_body(code: str, message: str = "", param: str | None = None) -> dict[str, Any]:
    """The body of an error answer. Without a message of its own, it says what the code means."""
    error_code = ERRORS[code]
    text = message or error_code.meaning
    error = {
        "code": code,
        "message": text,
        "type": error_code.type,
        "param": param,
        "doc_url": f"{settings.ORQ.path_prefix}{DOCUMENTED_AT}#{code}",
    }
    if error_code.status == 401:
        return {"error": error, "message": text, "code": UNAUTHENTICATED}
    return {"error": error}
