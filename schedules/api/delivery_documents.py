"""What clients get of messages on their way, and send to have them sent again."""

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from schedules.api.bodies import Body
from schedules.api.documents import Count, Document, NextAfter, TextIfAny
from schedules.api.queries import OneId, Range
from schedules.models import Channel, Delivery, DeliveryState


@extend_schema_field({"type": "object", "additionalProperties": {}})
class MessageBody(serializers.Field[Any, Any, Any, Any]):
    """`{type, timestamp, data}`, as a webhook gets it."""

    def to_representation(self, value: str) -> Any:
        """Read from the text that is signed."""
        return json.loads(value)


@extend_schema_serializer(component_name="PublicDelivery")
class DeliveryDocument(Document):
    """A message to one endpoint."""

    _id = serializers.CharField(
        source="id", label="id", help_text="The message's own id, a ULID: the header webhook-id."
    )
    workspace_id = serializers.UUIDField(help_text="Its workspace.")
    webhook_id = TextIfAny(help_text="The endpoint; absent: the workspace's administrators, by mail.")
    channel = serializers.ChoiceField(Channel.values, help_text="How it is sent.")
    type = serializers.CharField(help_text="What it tells, such as agent.outage.opened.")
    severity = serializers.CharField(help_text="critical, warning or info.")
    summary = serializers.CharField(help_text="One sentence for people.")
    incident_id = TextIfAny(help_text="The incident it is about.")
    state = serializers.ChoiceField(
        DeliveryState.values, help_text="On its way, delivered, or dead: given up until somebody replays it."
    )
    attempt_count = Count(help_text="How often it was sent, over all replays.")
    next_attempt_at = serializers.DateTimeField(
        required=False, help_text="When it is sent next; only while it is on its way."
    )
    last_attempt_at = serializers.DateTimeField(required=False, help_text="When it was last sent.")
    last_status = Count(required=False, help_text="HTTP status of the last answer.")
    last_error = TextIfAny(help_text="Code of the last failure, such as http_error, timeout, unreachable.")
    last_message = TextIfAny(help_text="The same in words.")
    ended_at = serializers.DateTimeField(required=False, help_text="When it was delivered, or given up.")
    created = serializers.DateTimeField(source="created_at", help_text="When it was written.")

    def to_representation(self, instance: Delivery) -> dict[str, Any]:
        """Nothing comes next for what is over."""
        document = super().to_representation(instance)
        if instance.state != DeliveryState.PENDING:
            document.pop("next_attempt_at", None)
        return document


@extend_schema_serializer(component_name="PublicDeliveryWithBody")
class DeliveryWithBody(DeliveryDocument):
    """A message with what it says."""

    body = MessageBody(help_text="As a webhook gets it.")


@extend_schema_serializer(component_name="PublicDeliveryList")
class DeliveryPage(Document):
    """Messages of a workspace, newest first."""

    deliveries = DeliveryDocument(many=True, source="rows", help_text="The newest first.")
    next_after = NextAfter()


@extend_schema_serializer(component_name="PublicReplay")
class ReplayDocument(Document):
    """How many messages are sent again."""

    count = Count(help_text="Messages that were delivered or dead and are on their way again.")


@extend_schema_serializer(component_name="ReplayRequest")
class ReplayBody(Range, Body):
    """Which messages are sent again; `from` and `to` are about `created`."""

    state = serializers.ChoiceField(
        [DeliveryState.DEAD.value, DeliveryState.DELIVERED.value],
        default=DeliveryState.DEAD.value,
        error_messages={"invalid_choice": "Must be dead or delivered."},
        help_text="Messages in this state.",
    )
    webhook_id = OneId(help_text="Only messages to this endpoint.")


def document_of(delivery: Delivery) -> dict[str, Any]:
    """The document of one message, with what it says."""
    return dict(DeliveryWithBody(delivery).data)
