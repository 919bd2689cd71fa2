"""What clients send about incidents and rules."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework.request import Request

from schedules.api.bodies import Body, Flag, Number, Text, read, validated


@extend_schema_serializer(component_name="AcknowledgeIncidentRequest")
class AcknowledgementBody(Body):
    """The body of an acknowledgement; it may be left out."""

    note = Text(required=False, max_length=500, help_text="What you know or do about it, for the others.")


def acknowledgement(request: Request) -> str:
    """The note; InvalidRequest or a validation error."""
    body = AcknowledgementBody
    said = validated(body(data={})) if request.stream is None else read(body, request)
    return str(said.get("note", ""))


@extend_schema_serializer(component_name="ChangeAlertRuleRequest")
class AlertRuleBody(Body):
    """Whatever is named changes; null brings a value back to that of the level above."""

    agent_key = Text(required=False, help_text="Only for this agent; absent: for the workspace.")
    schedule_id = Text(required=False, help_text="Only for this schedule of that agent.")
    is_enabled = Flag(required=False, allow_null=True, help_text="Whether the rule is on.")
    threshold = Number(required=False, allow_null=True, help_text="From how many, or from how long on.")
    window_seconds = Number(required=False, allow_null=True, help_text="In what time so many are counted.")


def alert_rule(request: Request) -> dict[str, Any]:
    """What the body names."""
    return read(AlertRuleBody, request)
