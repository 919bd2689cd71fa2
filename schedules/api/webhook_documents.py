"""What clients get of an endpoint; of its signing secret nothing, but once."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from schedules.api.documents import Count, Document, NextAfter, TextIfAny
from schedules.database.clock import estimated_now
from schedules.deliveries.endpoints import IssuedSecret
from schedules.models import Channel, DisabledReason, Webhook


@extend_schema_serializer(component_name="PublicWebhook")
class WebhookDocument(Document):
    """An endpoint that is told of the workspace's alerts."""

    _id = serializers.CharField(source="id", label="id", help_text="The endpoint's own id, a ULID.")
    workspace_id = serializers.UUIDField(help_text="Its workspace.")
    display_name = serializers.CharField(help_text="What people call it.")
    channel = serializers.ChoiceField(Channel.values, help_text="How it is told.")
    target = serializers.CharField(
        help_text="Where it is told; what of it is a secret (Slack's path, PagerDuty's key) is masked."
    )
    rules = serializers.ListField(
        child=serializers.CharField(), help_text="What it is told of; empty: everything."
    )
    is_enabled = serializers.BooleanField(help_text="Whether anything is sent to it.")
    disabled_reason = serializers.ChoiceField(
        DisabledReason.values,
        required=False,
        help_text="Why nothing is: somebody switched it off, it answered 410, or ten messages in a row were dead.",
    )
    signing_secret_count = serializers.SerializerMethodField(
        help_text="How many secrets sign what is sent now: two during a rotation."
    )
    dead_count = Count(help_text="Messages in a row that could not be delivered.")
    created = serializers.DateTimeField(source="created_at", help_text="When it was made.")
    created_by_id = TextIfAny(help_text="Who made it.")
    updated = serializers.DateTimeField(source="updated_at", help_text="When it was last changed.")

    def get_signing_secret_count(self, instance: Webhook) -> int:
        """Of this moment."""
        return instance.signing_secret_count(estimated_now())

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """No reason where there is none."""
        document = super().to_representation(instance)
        return {name: value for name, value in document.items() if (name, value) != ("disabled_reason", "")}


@extend_schema_serializer(component_name="IssuedWebhook")
class IssuedWebhookDocument(WebhookDocument):
    """An endpoint with its newest signing secret."""

    signing_secret = serializers.CharField(
        required=False,
        help_text="Verifies what is sent. It is shown this once; absent where nothing is signed.",
    )


@extend_schema_serializer(component_name="PublicWebhookList")
class WebhookList(Document):
    """Endpoints of a workspace, newest first."""

    webhooks = WebhookDocument(many=True, source="rows", help_text="The newest first.")
    next_after = NextAfter()


def document_of(webhook: Webhook) -> dict[str, Any]:
    """The document of one endpoint."""
    return dict(WebhookDocument(webhook).data)


def issued_document(issued: IssuedSecret) -> dict[str, Any]:
    """The same, with its newest signing secret if it has one."""
    issued.webhook.signing_secret = issued.secret or None  # type: ignore[attr-defined]  # read by the document
    return dict(IssuedWebhookDocument(issued.webhook).data)
