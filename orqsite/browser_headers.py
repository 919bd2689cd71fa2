"""What browsers are told of every answer: what a page may load and do, and that the API's answers are not kept."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponseBase]

PERMISSIONS: Final = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
NOTHING: Final = "default-src 'none'; frame-ancestors 'none'"
# The console's Alpine.js compiles the expressions of its attributes, and sets styles; all files come from here.
CONSOLE: Final = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
DOCUMENTATION: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def browser_headers(get_response: GetResponse) -> GetResponse:
    """A middleware; what a view has said itself stays."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        headers = response.headers
        headers.setdefault("Permissions-Policy", PERMISSIONS)
        headers.setdefault("Content-Security-Policy", _policy(request, response))
        if not request.path_info.startswith(("/static/", "/console/", "/docs")):
            headers.setdefault("Cache-Control", "no-store")
        return response

    return answer


def _policy(request: HttpRequest, response: HttpResponseBase) -> str:
    if not response.headers.get("Content-Type", "").startswith("text/html"):
        return NOTHING
    if request.path_info.startswith("/console/"):
        return CONSOLE
    return DOCUMENTATION
