"""What clients send of an API key."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request

from schedules.api.bodies import Body, Number, Text, read, validated
from schedules.api.queries import Instant
from schedules.models import Scope

LONGEST_OVERLAP = 90 * 24 * 3600
EXPIRES_HELP = "When it stops working; absent: after 365 days; null: never."
_NO_SCOPE: dict[str, Any] = {"invalid_choice": f"Must be one of {', '.join(Scope.values)}."}


@extend_schema_serializer(component_name="CreateApiKeyRequest")
class NewKeyBody(Body):
    """The body of create."""

    scope = serializers.ChoiceField(
        Scope.values, error_messages=_NO_SCOPE, help_text="What it may do; each includes those before it."
    )
    name = Text(required=False, max_length=100, help_text="What people call it, in the console and the list.")
    agent_keys = serializers.ListField(
        child=Text(),
        required=False,
        allow_null=True,
        allow_empty=False,
        max_length=1000,
        help_text="The agents it is limited to: all others are not found. Absent or null: every agent.",
    )
    expires_at = Instant(required=False, allow_null=True, help_text=EXPIRES_HELP)


@extend_schema_serializer(component_name="RotateApiKeyRequest")
class RotationBody(Body):
    """The body of a rotation; it may be left out."""

    overlap_seconds = Number(
        required=False,
        min_value=0,
        max_value=LONGEST_OVERLAP,
        help_text="How long the old key goes on; 0: it is revoked at once. Absent: a week.",
    )
    expires_at = Instant(required=False, allow_null=True, help_text=EXPIRES_HELP)


def rotation(request: Request) -> dict[str, Any]:
    """What the body says, or nothing where there is none; InvalidRequest or a validation error."""
    if request.stream is None:
        return validated(RotationBody(data={}))
    return read(RotationBody, request)
