"""How the operations on API keys are described in /openapi.json."""

from typing import Final

from drf_spectacular.utils import OpenApiExample, OpenApiResponse

from schedules.api.examples import KEY, NEW_KEY
from schedules.api.key_bodies import NewKeyBody, RotationBody
from schedules.api.key_documents import IssuedKeyDocument, KeyDocument, KeyList
from schedules.api.operations.describing import OF_AGENT_BODY, answer, errors, operation, path_parameter
from schedules.api.queries import ScheduleListQuery

_OF_KEY: Final = [path_parameter("key_id", "The key's `_id`, a ULID.")]
_TOKEN: Final = {"token": f"sk-orq-{KEY['_id']}-…"}

LIST_KEYS: Final = operation(
    "list-api-keys",
    "List API keys",
    "Lists the API keys of the workspace that may do no more than the key that asks, newest first; with `limit` a "
    "page of them. It needs a key of the scope admin, as everything about keys does.",
    parameters=[ScheduleListQuery],
    responses={
        200: answer(KeyList, "API keys listed.", {"keys": [KEY]}),
        **errors("insufficient_scope", "invalid_request_body"),
    },
)
CREATE_KEY: Final = operation(
    "create-api-key",
    "Create API key",
    "Issues an API key that may do no more than the key that asks. Its token is in this answer and nowhere else. "
    "There is no Idempotency-Key: an answer with a token is not kept.",
    request=NewKeyBody,
    examples=[OpenApiExample("A key", NEW_KEY, request_only=True)],
    responses={
        201: answer(IssuedKeyDocument, "API key created.", KEY | _TOKEN),
        **errors(*OF_AGENT_BODY),
    },
)
RETRIEVE_KEY: Final = operation(
    "retrieve-api-key",
    "Retrieve API key",
    "What an API key may do, and when and from where it was last used.",
    parameters=_OF_KEY,
    responses={
        200: answer(KeyDocument, "API key retrieved.", KEY),
        **errors("insufficient_scope", "key_not_found"),
    },
)
REVOKE_KEY: Final = operation(
    "revoke-api-key",
    "Revoke API key",
    "The key stops working for good, in every process within a second. It stays in the list.",
    parameters=_OF_KEY,
    request=None,
    responses={
        204: OpenApiResponse(description="API key revoked."),
        **errors("insufficient_scope", "key_not_found"),
    },
)
ROTATE_KEY: Final = operation(
    "rotate-api-key",
    "Rotate API key",
    "Issues a successor that may do the same. The key itself works for `overlap_seconds` more, a week if the body "
    "does not say, or until its own end if that is sooner.",
    parameters=_OF_KEY,
    request=RotationBody,
    examples=[OpenApiExample("A day together", {"overlap_seconds": 86400}, request_only=True)],
    responses={
        201: answer(IssuedKeyDocument, "API key rotated.", KEY | _TOKEN | {"replaces_id": KEY["_id"]}),
        **errors("key_not_found", "key_not_working", *OF_AGENT_BODY),
    },
)
