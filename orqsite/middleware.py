"""What every request and answer passes: bodies of unannounced length, and errors in the contract's form."""

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from schedules.api.error_codes import code_of_status, error_body
from schedules.errors import ClockLeapt

GetResponse = Callable[[HttpRequest], HttpResponseBase]

CONSOLE = "/console/"
_UNREADABLE = "The request cannot be read, or its Host header does not name this service"


def api_errors(get_response: GetResponse) -> GetResponse:
    """Outside the console every error page, Django's debug pages too, becomes the API's error body.

    Outside all middleware but the headers: what the others refuse passes here as well.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        is_error = response.status_code >= 400 and not request.path_info.startswith(CONSOLE)
        if is_error and isinstance(response, HttpResponse) and not _is_json(response):
            _become_json(response)
        return response

    return answer


def _is_json(response: HttpResponse) -> bool:
    return response.headers.get("Content-Type", "").startswith("application/json")


def _become_json(response: HttpResponse) -> None:
    """Only the content changes: headers like Allow and those of security stay."""
    message = _UNREADABLE if response.status_code == 400 else ""
    response.content = json.dumps(error_body(code_of_status(response.status_code), message)).encode()
    response.headers["Content-Type"] = "application/json"
    response.headers["Content-Length"] = str(len(response.content))


def bounded_bodies(get_response: GetResponse) -> GetResponse:
    """No body above the limit is read on any path, whoever would read it and however.

    Answers say their length: without it a server ends the connection after them.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = _too_large() if _is_too_large(request) else get_response(request)
        if isinstance(response, HttpResponse) and "Content-Length" not in response:
            response.headers["Content-Length"] = str(len(response.content))
        return response

    return answer


def _is_too_large(request: HttpRequest) -> bool:
    announced = str(request.META.get("CONTENT_LENGTH") or "")
    return announced.isdecimal() and int(announced) > settings.ORQ.max_body_bytes


def _too_large() -> HttpResponse:
    message = f"The request body is larger than {settings.ORQ.max_body_bytes} bytes"
    return JsonResponse(error_body("payload_too_large", message), status=413)


def leapt_clock(get_response: GetResponse) -> GetResponse:
    """While the database's clock cannot be believed, what the console cannot do is answered with a sentence."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        return get_response(request)

    def process_exception(_: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, ClockLeapt):
            return None
        headers = {"Retry-After": str(error.wait)}
        return HttpResponse(str(error), content_type="text/plain; charset=utf-8", status=503, headers=headers)

    answer.process_exception = process_exception  # type: ignore[attr-defined]  # where Django looks for it
    return answer


def readable_requests(get_response: GetResponse) -> GetResponse:
    """Queries are UTF-8, whatever charset the headers name, and bodies have a length.

    A chunked body has no Content-Length, which Django
    takes for no body at all: it is read here, up to the limit, where the server ends the stream with the body
    (`wsgi.input_terminated`, as gunicorn does).
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        request.encoding = "utf-8"
        if _is_chunked(request):
            _give_length(request)
        return get_response(request)

    return answer


def _is_chunked(request: HttpRequest) -> bool:
    meta = request.META
    return (
        "HTTP_TRANSFER_ENCODING" in meta
        and not meta.get("CONTENT_LENGTH")
        and "wsgi.input_terminated" in meta
    )


def _give_length(request: HttpRequest) -> None:
    """The body in memory; one byte above the limit is enough to be refused later."""
    body = request.META["wsgi.input"].read(settings.ORQ.max_body_bytes + 1)
    request.META["CONTENT_LENGTH"] = str(len(body))
    request._stream = BytesIO(body)  # noqa: SLF001 - where Django keeps its reader


class TolerantRequest(WSGIRequest):
    """A request that a Content-Type cannot break: one that nobody can read is as good as none.

    Django reads that header, and the path, before any middleware could answer for it; `orqsite.wsgi` makes its
    requests of this. A proxy may leave ORQ_PATH_PREFIX in the path or take it away.
    """

    def __init__(self, environ: dict[str, Any]) -> None:
        own = {**environ, "PATH_INFO": _without_prefix(environ.get("PATH_INFO", ""))}
        try:
            super().__init__({**own})
        except (ValueError, LookupError):  # an unknown charset, or one that is no text's
            super().__init__({**own, "CONTENT_TYPE": ""})


def _without_prefix(path: str) -> str:
    prefix: str = settings.ORQ.path_prefix
    return path.removeprefix(prefix) if path.startswith(f"{prefix}/") else path
