"""The API describes itself to everybody: /openapi.json for machines, /docs and /docs/errors for people."""

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
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


@require_safe
def documentation(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document as a page, every file of it served from here."""
    return render(request, "documentation/api.html", {"here": "docs"})


@require_safe
def error_codes(request: HttpRequest) -> HttpResponse:
    """Every error code: where the `doc_url` of an error leads."""
    return render(request, "documentation/errors.html", {"here": "errors", "errors": ERRORS.items()})
