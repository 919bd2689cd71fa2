"""How the operations on messages are described in /openapi.json."""

from typing import Final

from drf_spectacular.utils import OpenApiExample

from schedules.api.delivery_documents import DeliveryPage, DeliveryWithBody, ReplayBody, ReplayDocument
from schedules.api.examples import DELIVERY, DELIVERY_WITH_BODY
from schedules.api.operations.describing import OF_AGENT_BODY, answer, errors, operation, path_parameter
from schedules.api.queries import DeliveryListQuery

_OF_DELIVERY: Final = [path_parameter("delivery_id", "The message's `_id`, a ULID.")]

LIST_DELIVERIES: Final = operation(
    "list-deliveries",
    "List deliveries",
    "Lists a page of the workspace's messages to its endpoints, newest first; with `state` dead, the dead letters. "
    "A key that is limited to some agents sees none.",
    parameters=[DeliveryListQuery],
    responses={
        200: answer(
            DeliveryPage, "Deliveries listed.", {"deliveries": [DELIVERY], "next_after": DELIVERY["_id"]}
        ),
        **errors("invalid_request_body"),
    },
)
RETRIEVE_DELIVERY: Final = operation(
    "retrieve-delivery",
    "Retrieve delivery",
    "A message: what it says, what became of it, and when it is sent next.",
    parameters=_OF_DELIVERY,
    responses={
        200: answer(DeliveryWithBody, "Delivery retrieved.", DELIVERY_WITH_BODY),
        **errors("delivery_not_found"),
    },
)
REPLAY_DELIVERY: Final = operation(
    "replay-delivery",
    "Replay delivery",
    "Sends a message again that was delivered or is dead, with the same id and body; its retries begin anew.",
    parameters=_OF_DELIVERY,
    request=None,
    responses={
        202: answer(DeliveryWithBody, "Delivery on its way again.", DELIVERY_WITH_BODY),
        **errors(
            "insufficient_scope",
            "delivery_not_found",
            "delivery_not_replayable",
            "invalid_request_body",
            "payload_too_large",
        ),
    },
)
REPLAY_DELIVERIES: Final = operation(
    "replay-deliveries",
    "Replay deliveries",
    "Sends all messages again that the body's filter finds: without one, every dead letter of the workspace.",
    request=ReplayBody,
    examples=[
        OpenApiExample("The dead letters of a day", {"from": "2026-06-01T00:00:00Z"}, request_only=True)
    ],
    responses={
        202: answer(ReplayDocument, "Deliveries on their way again.", {"count": 12}),
        **errors(*OF_AGENT_BODY),
    },
)
