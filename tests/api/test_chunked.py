"""A chunked body, as a server like gunicorn hands it on: no Content-Length, a stream that ends by itself."""

import json
from io import BytesIO
from typing import Any

from django.conf import settings

from schedules.models import Agent, Schedule
from tests.api.caller import CLIENT, Caller, assert_error, document, everything, schedule_path, schedules_path

NEW: dict[str, Any] = {"type": "cron", "expression": "0 0 9 * * *", "payload": {"input": "Grüße"}}


def _send(api: Caller, method: str, path: str, body: bytes) -> Any:
    environ: dict[str, Any] = {
        "wsgi.input": BytesIO(body),
        "wsgi.input_terminated": True,
        "CONTENT_LENGTH": "",
        "CONTENT_TYPE": "application/json",
        "HTTP_TRANSFER_ENCODING": "chunked",
        "HTTP_AUTHORIZATION": f"Bearer {api.token}",
    }
    return CLIENT.generic(method, path, **environ)


def test_a_chunked_body_is_read(api: Caller, agent: Agent) -> None:
    created = document(_send(api, "POST", schedules_path(agent), json.dumps(NEW).encode()), 201)

    assert created["payload"] == NEW["payload"]


def test_a_chunked_change_is_made(api: Caller, schedule: Schedule) -> None:
    changed = document(_send(api, "PATCH", schedule_path(schedule), b'{"is_active": false}'))

    assert changed["is_active"] is False


def test_a_chunked_body_above_the_limit_is_refused(api: Caller, schedule: Schedule) -> None:
    before = everything()
    body = b" " * settings.ORQ.max_body_bytes + b"{}"

    assert_error(_send(api, "PATCH", schedule_path(schedule), body), 413, "payload_too_large")

    assert everything() == before


def test_an_empty_chunked_body_is_no_change(api: Caller, schedule: Schedule) -> None:
    assert_error(_send(api, "PATCH", schedule_path(schedule), b""), 400, "invalid_request_body")
