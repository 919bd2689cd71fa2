"""A Content-Type that Django cannot read: the server would answer with a page of its own."""

import json
from io import BytesIO
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse

from orqsite.middleware import TolerantRequest
from schedules.models import Agent
from tests.api.caller import Caller, schedules_path


def _post(path: str, token: str | None, content_type: str) -> tuple[int, Any]:
    """Status and body of a POST as a WSGI server hands it on."""
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": "a=1",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "HTTP_AUTHORIZATION": f"Bearer {token}",
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": "2",
        "wsgi.input": BytesIO(b"{}"),
        "wsgi.url_scheme": "http",
    }
    response = WSGIHandler().get_response(TolerantRequest(environ))
    assert isinstance(response, HttpResponse)
    return response.status_code, json.loads(response.content)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset*=xx'en'y",
        'application/json; charset="\0"',
        "application/json; charset=rot13",
    ],
)
def test_an_unreadable_content_type_is_unsupported(api: Caller, agent: Agent, content_type: str) -> None:
    status, body = _post(schedules_path(agent), api.token, content_type)

    assert (status, body["error"]["code"]) == (415, "unsupported_media_type")


def test_the_path_is_still_read_once(api: Caller) -> None:
    status, body = _post("/v3/agents/é☃/schedules/x/execution", api.token, "application/json; charset=rot13")

    assert (status, body["error"]["code"]) == (404, "schedule_not_found")


def test_a_readable_content_type_is_left_alone(api: Caller, agent: Agent) -> None:
    status, body = _post(schedules_path(agent), api.token, "application/json; charset=utf-8")

    assert (status, body["error"]["param"]) == (400, "type")
