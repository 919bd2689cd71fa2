"""One event for each answered request, and the ids that all events of a request have in common."""

import re
import time
from collections.abc import Callable
from typing import Final

import structlog
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from structlog.contextvars import bind_contextvars, clear_contextvars

from schedules.database.ulids import new_ulid
from schedules.models.traceparent import valid_traceparent

GetResponse = Callable[[HttpRequest], HttpResponseBase]

HEADER: Final = "X-Request-Id"
PROBES: Final = frozenset({"/healthz", "/readyz"})
LONGEST_PATH: Final = 300
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")

_TOLD: Final = "is_told"

log = structlog.get_logger(__name__)


def access_log(get_response: GetResponse) -> GetResponse:
    """Outside all other middleware: what they answer passes here as well.

    A client's request id is taken over if it has the form of one, else it gets a new one; the answer names it.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        clear_contextvars()
        try:
            request_id = _bind(request)
            response = get_response(request)
            response.headers[HEADER] = request_id
            if settings.ORQ.access_log and not getattr(request, _TOLD, False):
                _say(request, response, time.perf_counter() - began)
            return response
        finally:
            clear_contextvars()

    return answer


def say_no_more(request: HttpRequest) -> None:
    """Another event has said of this request what its answer would: nobody's hosts fill no log twice."""
    setattr(request, _TOLD, True)


def _bind(request: HttpRequest) -> str:
    asked = request.headers.get(HEADER, "")
    request_id = asked if _REQUEST_ID.fullmatch(asked) else new_ulid()
    bind_contextvars(request_id=request_id)
    if traceparent := valid_traceparent(request.headers.get("traceparent")):
        bind_contextvars(trace_id=traceparent.split("-")[1])
    return request_id


def _say(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    """Without the query, which may hold anything. Probes come every few seconds: who wants to see them?"""
    facts = {
        "method": request.method,
        "path": request.path[:LONGEST_PATH],
        "status": response.status_code,
        "milliseconds": round(seconds * 1000, 1),
        "address": request.META.get("REMOTE_ADDR", ""),
    }
    if request.path_info in PROBES:
        log.debug("request.answered", **facts)
    else:
        log.info("request.answered", **facts)
