"""Whatever a view raises becomes the contract's error body; the statuses stand in error_codes.py."""

import math
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError
from django.http import UnreadablePostError
from rest_framework.exceptions import APIException, UnsupportedMediaType, ValidationError
from rest_framework.response import Response

from schedules.api.error_codes import ERRORS, code_of_status, error_body
from schedules.errors import Refused
from schedules.expressions import InvalidExpression

log = structlog.get_logger(__name__)


class PayloadTooLarge(Refused):
    """The request body is too large"""

    code = "payload_too_large"


def error_response(exc: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to an error; None for an unexpected one, which Django logs and answers with 500."""
    described = _described(exc)
    if described is None:
        return None
    code, message, param = described
    return Response(error_body(code, message, param), status=ERRORS[code].status, headers=_headers(exc, code))


def _described(exc: Exception) -> tuple[str, str, str | None] | None:
    """Code, message ("": what the code means) and param of an error; None for an unexpected one."""
    match exc:
        case Refused():
            return exc.code, str(exc), exc.param
        case InvalidExpression():
            return "invalid_expression", str(exc), exc.field
        case ValidationError():
            return "invalid_request_body", *_first_problem(exc.detail)
        case UnreadablePostError():
            return "invalid_request_body", "The body ended before its announced length", None
        case OperationalError() | InterfaceError():
            log.warning("database.unavailable", error=str(exc).strip())
            return "service_unavailable", "", None
        case UnsupportedMediaType():
            return "unsupported_media_type", "", None
        case APIException():
            return code_of_status(exc.status_code), str(exc.detail), None
    return None


def _first_problem(detail: Any) -> tuple[str, str | None]:
    """Message and field of the first of a serializer's problems; of an item of a list, with its place in the list."""
    field, problems = next(iter(detail.items()))
    name = str(field)
    while isinstance(problems, dict):
        place, problems = next(iter(problems.items()))
        name += f"[{place}]"
    return f"{name}: {problems[0]}", str(field)


def _headers(exc: Exception, code: str) -> dict[str, str]:
    if ERRORS[code].status == 401:
        return {"WWW-Authenticate": "Bearer"}
    wait = getattr(exc, "wait", None)  # a throttle's, in seconds
    return {} if wait is None else {"Retry-After": str(math.ceil(wait))}
