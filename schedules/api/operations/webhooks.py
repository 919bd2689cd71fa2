"""How the operations on endpoints are described in /openapi.json."""

from typing import Final

from drf_spectacular.utils import OpenApiExample, OpenApiResponse

from schedules.api.delivery_documents import DeliveryWithBody
from schedules.api.examples import NEW_WEBHOOK, TEST_DELIVERY, WEBHOOK
from schedules.api.operations.describing import OF_AGENT_BODY, answer, errors, operation, path_parameter
from schedules.api.queries import WebhookListQuery
from schedules.api.webhook_bodies import NewWebhookBody, WebhookChangesBody
from schedules.api.webhook_documents import IssuedWebhookDocument, WebhookDocument, WebhookList

_OF_WEBHOOK: Final = [path_parameter("webhook_id", "The endpoint's `_id`, a ULID.")]
_SECRET: Final = {"signing_secret": "whsec_…"}
_FOUND: Final = ("insufficient_scope", "webhook_not_found")
_NO_BODY: Final = (*_FOUND, "invalid_request_body", "payload_too_large")

LIST_WEBHOOKS: Final = operation(
    "list-webhooks",
    "List webhooks",
    "Lists the endpoints that are told of the workspace's alerts, newest first; with `limit` a page of them. "
    "It needs a key of the scope admin that is not limited to some agents, as everything about endpoints does.",
    parameters=[WebhookListQuery],
    responses={
        200: answer(WebhookList, "Webhooks listed.", {"webhooks": [WEBHOOK]}),
        **errors("insufficient_scope", "invalid_request_body"),
    },
)
CREATE_WEBHOOK: Final = operation(
    "create-webhook",
    "Create webhook",
    "Makes an endpoint: a URL, mail addresses, a Slack channel or a PagerDuty service. The signing secret of a URL "
    "is in this answer and nowhere else; there is no Idempotency-Key, since an answer with a secret is not kept.",
    request=NewWebhookBody,
    examples=[OpenApiExample("A webhook", NEW_WEBHOOK, request_only=True)],
    responses={
        201: answer(IssuedWebhookDocument, "Webhook created.", WEBHOOK | _SECRET),
        **errors("quota_exceeded", *OF_AGENT_BODY),
    },
)
RETRIEVE_WEBHOOK: Final = operation(
    "retrieve-webhook",
    "Retrieve webhook",
    "An endpoint, whether anything is sent to it, and if not, why.",
    parameters=_OF_WEBHOOK,
    responses={200: answer(WebhookDocument, "Webhook retrieved.", WEBHOOK), **errors(*_FOUND)},
)
UPDATE_WEBHOOK: Final = operation(
    "update-webhook",
    "Update webhook",
    "Changes an endpoint's name, target or rules, or switches it off or on. The channel stays.",
    parameters=_OF_WEBHOOK,
    request=WebhookChangesBody,
    examples=[OpenApiExample("Off", {"is_enabled": False}, request_only=True)],
    responses={
        200: answer(WebhookDocument, "Webhook updated.", WEBHOOK),
        **errors("webhook_not_found", *OF_AGENT_BODY),
    },
)
DELETE_WEBHOOK: Final = operation(
    "delete-webhook",
    "Delete webhook",
    "Deletes an endpoint, and the messages to it with it.",
    parameters=_OF_WEBHOOK,
    request=None,
    responses={204: OpenApiResponse(description="Webhook deleted."), **errors(*_FOUND)},
)
TEST_WEBHOOK: Final = operation(
    "test-webhook",
    "Test webhook",
    "Sends a message of the type webhook.test, once. Retrieve the delivery to see what became of it.",
    parameters=_OF_WEBHOOK,
    request=None,
    responses={
        202: answer(DeliveryWithBody, "Test on its way.", TEST_DELIVERY),
        **errors(*_NO_BODY, "webhook_disabled"),
    },
)
ROTATE_WEBHOOK_SECRET: Final = operation(
    "rotate-webhook-secret",
    "Rotate signing secret",
    "Makes a new signing secret. For a week the one before signs as well: each message has both signatures.",
    parameters=_OF_WEBHOOK,
    request=None,
    responses={
        201: answer(
            IssuedWebhookDocument, "Secret rotated.", WEBHOOK | _SECRET | {"signing_secret_count": 2}
        ),
        **errors(*_NO_BODY),
    },
)
