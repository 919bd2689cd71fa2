"""Idempotency-Key: a request that a client repeats is carried out once and answered twice alike."""

import re
from collections.abc import Callable
from typing import Any, Final

from rest_framework.request import Request
from rest_framework.response import Response

from schedules import idempotency
from schedules.api.authentication import key_of
from schedules.database.clock import time_to_act
from schedules.errors import InvalidRequest
from schedules.idempotency import RecordedAnswer

MAX_KEY: Final = 255
KEY_PATTERN: Final = "^[!-~]+$"
_KEY: Final = re.compile(rf"[!-~]{{1,{MAX_KEY}}}")


def answer_once(request: Request, body: Callable[[], Any], act: Callable[[], RecordedAnswer]) -> Response:
    """What `act` answers, or has answered to the same key; without the header: what it answers.

    `body`: the request's body as a JSON value, called only if there is a key.
    """
    idempotency_key = request.headers.get("Idempotency-Key")
    if idempotency_key is None:
        return _response(act())
    if not _KEY.fullmatch(idempotency_key):
        raise InvalidRequest(
            f"Idempotency-Key must be 1 to {MAX_KEY} visible ASCII characters", param="Idempotency-Key"
        )
    same = [request.method, request.path, body()]
    workspace_id = key_of(request).workspace_id
    return _response(idempotency.once(workspace_id, idempotency_key, same, time_to_act(), act))


def _response(answer: RecordedAnswer) -> Response:
    replayed = {"Idempotency-Replayed": "true"} if answer.is_replayed else {}
    return Response(answer.body, status=answer.status, headers=answer.headers | replayed)
