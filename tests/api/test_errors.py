"""Errors have the contract's body wherever they come from, and the console keeps its pages."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from pytest_django import Settings
from rest_framework.exceptions import APIException, Throttled

from schedules.api.error_codes import ERRORS
from schedules.api.error_response import error_response
from schedules.errors import Refused
from schedules.models import Agent, Schedule
from tests.api.caller import Caller, assert_error, schedule_path, schedules_path


def _broken(_: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError("a secret of the inside")


urlpatterns = [
    path("broken", _broken),
    path("console/broken", _broken),
    path("", include("orqsite.urls")),
]
"""The site and a page that fails, for the tests of `broken_site`."""


@pytest.fixture
def broken_site(settings: Settings) -> None:
    """The site with a page that fails."""
    settings.ROOT_URLCONF = __name__


@pytest.fixture(params=[False, True], ids=["production", "debug"])
def debug(request: pytest.FixtureRequest, settings: Settings) -> bool:
    """Django's debug pages, off and on: a client sees no difference."""
    settings.DEBUG = request.param
    return bool(request.param)


@pytest.mark.parametrize(
    "unknown",
    [
        "/v3",
        "/v3/agents/digest/schedules/",
        "/v3/agents/digest/schedules/x/",
        "/v3/agents/digest/schedules/x/execution/",
        "/v3/agents//schedules",
        "/v3/agents/a%2Fb/schedules",
        "/v2/agents/digest/schedules",
        "/%00",
        "/%FF%FE",
        "/static/%00",
        "/static/../settings.py",
        "/favicon.ico",
        "/" + "a" * 5000,
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_path_is_not_found(nobody: Caller, debug: bool, unknown: str, method: str) -> None:
    response = nobody.send(method, unknown, b"x", "text/plain")

    assert_error(response, 404, "not_found")
    assert response["Content-Length"] == str(len(response.content))
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("method", "where", "allowed"),
    [
        ("PUT", "", "GET, HEAD, PATCH, DELETE"),
        ("POST", "", "GET, HEAD, PATCH, DELETE"),
        ("OPTIONS", "", "GET, HEAD, PATCH, DELETE"),
        ("BREW", "", "GET, HEAD, PATCH, DELETE"),
        ("GET", "/execution", "POST"),
        ("POST", "/runs", "GET, HEAD"),
        ("DELETE", "/runs/x", "GET, HEAD"),
        ("GET", "/runs/x/cancel", "POST"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(
    api: Caller, schedule: Schedule, debug: bool, method: str, where: str, allowed: str
) -> None:
    response = api.send(method, schedule_path(schedule) + where, b"", "")

    assert_error(response, 405, "method_not_allowed")
    assert response["Allow"] == allowed


def test_a_wrong_method_outside_the_api_is_told_too(nobody: Caller, debug: bool) -> None:
    for unauthenticated in ("/healthz", "/openapi.json", "/docs", "/docs/errors"):
        response = nobody.send("DELETE", unauthenticated, b"", "")

        assert_error(response, 405, "method_not_allowed")
        assert "GET" in response["Allow"]


def test_an_unknown_host_is_refused(api: Caller, agent: Agent, debug: bool) -> None:
    response = api.send("GET", schedules_path(agent), b"", "", Host="evil.example")

    assert_error(response, 400, "invalid_request_body")
    assert b"evil" not in response.content
    assert b"Host" in response.content


@pytest.mark.usefixtures("broken_site")
def test_an_unexpected_error_says_nothing_of_the_inside(nobody: Caller, debug: bool) -> None:
    response = nobody.get("/broken")

    assert_error(response, 500, "internal_error")
    assert b"secret" not in response.content


def test_an_unexpected_error_in_the_api_says_nothing_of_the_inside(
    api: Caller, agent: Agent, debug: bool
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("a secret of the inside")

    with connection.execute_wrapper(fail):
        response = api.get(schedules_path(agent))

    assert_error(response, 500, "internal_error")
    assert b"secret" not in response.content


@pytest.mark.usefixtures("broken_site", "db")
def test_the_console_keeps_its_pages(nobody: Caller) -> None:
    for where, status in (("/console/broken", 500), ("/console/login/x", 404)):
        response = nobody.get(where)

        assert response.status_code in (status, 302)  # an unknown page asks for the login first
        assert response["Content-Type"].startswith("text/html")
        assert b"internal_error" not in response.content


def test_a_database_that_fails_is_unavailable(api: Caller, agent: Agent, debug: bool) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("server closed the connection unexpectedly at 10.1.2.3")

    with connection.execute_wrapper(fail):
        response = api.get(schedules_path(agent))

    assert_error(response, 503, "service_unavailable")
    assert b"10.1.2.3" not in response.content


def test_a_database_that_cannot_be_reached_is_unavailable(tmp_path: Path) -> None:
    ask = (
        "import django; django.setup()\n"
        "from tests.api.caller import Caller, assert_error\n"
        "token = 'sk-orq-01KPN29WWKSK0VDPJNTKZPVNRB-' + 'a' * 43\n"
        "answer = Caller(token).send('GET', '/v3/agents/a/schedules', b'', '', Host='localhost')\n"
        "assert_error(answer, 503, 'service_unavailable')\n"
    )
    unreachable = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/missing/db.sqlite3",
        "DJANGO_SETTINGS_MODULE": "orqsite.settings",
    }

    process = subprocess.run(
        [sys.executable, "-c", ask], env=os.environ | unreachable, capture_output=True, text=True, check=False
    )

    assert process.returncode == 0, process.stderr


def test_a_refusal_outside_of_views_keeps_its_headers() -> None:
    response = error_response(Throttled(wait=2.5), {})

    assert response is not None
    assert response.data["error"]["code"] == "rate_limit_exceeded"
    assert (response.status_code, response.headers["Retry-After"]) == (429, "3")


def test_an_error_nobody_has_named_still_has_a_code() -> None:
    teapot = APIException("no coffee")
    teapot.status_code = 418

    response = error_response(teapot, {})

    assert response is not None
    assert response.data["error"]["code"] == "invalid_request_body"


def test_every_refusal_has_its_row_in_the_table() -> None:
    def below(error: type[Refused]) -> set[str]:
        return {error.code}.union(*(below(child) for child in error.__subclasses__()))

    assert below(Refused) <= set(ERRORS)


def test_the_table_holds_the_contracts_statuses() -> None:
    assert {code: error.status for code, error in ERRORS.items()} == {
        "authentication_required": 401,
        "invalid_api_key": 401,
        "expired_api_key": 401,
        "insufficient_scope": 403,
        "quota_exceeded": 403,
        "invalid_request_body": 400,
        "invalid_expression": 400,
        "schedule_inactive": 400,
        "run_not_cancellable": 400,
        "incident_closed": 400,
        "webhook_disabled": 400,
        "delivery_not_replayable": 400,
        "run_not_retryable": 400,
        "agent_not_found": 404,
        "schedule_not_found": 404,
        "run_not_found": 404,
        "not_found": 404,
        "method_not_allowed": 405,
        "key_not_found": 404,
        "incident_not_found": 404,
        "alert_rule_not_found": 404,
        "webhook_not_found": 404,
        "delivery_not_found": 404,
        "key_not_working": 400,
        "agent_exists": 409,
        "idempotency_key_reused": 409,
        "precondition_failed": 412,
        "unsupported_media_type": 415,
        "payload_too_large": 413,
        "rate_limit_exceeded": 429,
        "internal_error": 500,
        "service_unavailable": 503,
    }


def test_every_code_is_explained_where_its_doc_url_leads(nobody: Caller) -> None:
    response = nobody.get("/docs/errors")

    assert response.status_code == 200
    page = response.content.decode()
    assert all(f'id="{code}"' in page for code in ERRORS)
