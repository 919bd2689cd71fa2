"""The API describes itself to everybody: /openapi.json for machines, /docs and /docs/errors for people."""

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.views.decorators.http import require_safe
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularSwaggerView
from rest_framework.request import Request
from rest_framework.response import Response

from schedules.api.api_view import ApiView
from schedules.api.error_codes import ERRORS


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # it has no annotations
    """How the description names our keys; drf-spectacular finds this class by itself."""

    target_class = "schedules.api.authentication.ApiKeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """A bearer token."""
        return {"type": "http", "scheme": "bearer", "description": "An API key: sk-orq-<id>-<secret>."}


@cache
def description() -> dict[str, Any]:
    """The OpenAPI document; it cannot change while the process lives."""
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # the same
    return document


class Description(ApiView):
    """The OpenAPI document."""

    schema = None  # not an operation of the API itself
    authentication_classes = []
    permission_classes = []

    def get(self, request: Request) -> Response:
        """As JSON."""
        return Response(description())


class Documentation(SpectacularSwaggerView):
    """The OpenAPI document as pages, every file of them served from here."""

    authentication_classes = []
    permission_classes = []
    content_negotiation_class = ApiView.content_negotiation_class


@require_safe
def error_codes(_: HttpRequest) -> HttpResponse:
    """Every error code: where the `doc_url` of an error leads."""
    rows = format_html_join(
        "\n",
        '<tr id="{}"><td><code>{}</code></td><td>{}</td><td>{}</td></tr>',
        ((code, code, error.status, error.meaning) for code, error in ERRORS.items()),
    )
    return HttpResponse(
        format_html(
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>Error codes</title>'
            "<style>body{{font:16px system-ui;margin:2rem}}td,th{{padding:.4rem 1rem;text-align:left}}"
            "tr:target{{background:#ffefc2}}</style><h1>Error codes</h1>"
            "<table><tr><th>code</th><th>status</th><th>what it means and how to fix it</th></tr>{}</table></html>",
            rows,
        )
    )
