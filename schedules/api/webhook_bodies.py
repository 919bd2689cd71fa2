"""What clients send of an endpoint."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from schedules.api.bodies import Body, Flag, Text
from schedules.deliveries.alert import RULES
from schedules.models import Channel
from schedules.models.webhook import DISPLAY_NAME_LENGTH, TARGET_LENGTH

NAME_HELP = "What people call it."
TARGET_HELP = (
    "Where it is told. webhook: a URL; slack: the URL of an incoming webhook; pagerduty: a routing key; email: "
    "addresses, with commas between."
)
_NO_CHANNEL: dict[str, Any] = {"invalid_choice": f"Must be one of {', '.join(Channel.values)}."}


def _rules() -> serializers.ListField:
    return serializers.ListField(
        child=Text(max_length=100),
        required=False,
        max_length=len(RULES),
        help_text=f"What it is told of: {', '.join(RULES)}. Empty: everything.",
    )


@extend_schema_serializer(component_name="CreateWebhookRequest")
class NewWebhookBody(Body):
    """The body of create."""

    display_name = Text(max_length=DISPLAY_NAME_LENGTH, help_text=NAME_HELP)
    channel = serializers.ChoiceField(
        Channel.values,
        default=Channel.WEBHOOK.value,
        error_messages=_NO_CHANNEL,
        help_text="How it is told.",
    )
    target = Text(max_length=TARGET_LENGTH, help_text=TARGET_HELP)
    rules = _rules()


@extend_schema_serializer(component_name="UpdateWebhookRequest")
class WebhookChangesBody(Body):
    """The body of update: whatever is named may change."""

    display_name = Text(required=False, max_length=DISPLAY_NAME_LENGTH, help_text=NAME_HELP)
    target = Text(
        required=False, max_length=TARGET_LENGTH, help_text=f"{TARGET_HELP} As it is shown: it stays."
    )
    rules = _rules()
    is_enabled = Flag(
        required=False, help_text="false: nothing is sent to it, and what becomes due is a dead letter."
    )
