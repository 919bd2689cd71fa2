"""Who is let in: keys and their states, and that nothing else is looked at before."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.http import HttpResponse
from pytest_django import DjangoAssertNumQueries, Settings

from schedules import api_keys
from schedules.api import api_key_cache
from schedules.models import Agent, ApiKey, Schedule, Scope
from tests.api.caller import Caller, assert_error, document, schedule_path, schedules_path
from tests.factories import make_token
from tests.waiting import wait_for


def _now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "sk-orq-x", "Bearer a b"]
)
def test_without_a_bearer_token_a_key_is_asked_for(nobody: Caller, agent: Agent, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}

    response = nobody.send("GET", schedules_path(agent), b"", "", **headers)

    message = assert_error(response, 401, "authentication_required")
    assert "Authorization: Bearer sk-orq-" in message
    assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "token", ["x", "sk-orq-", "sk-orq-01KPN29WWKSK0VDPJNTKZPVNRB-" + "a" * 43, "é", "☃", "a" * 5000]
)
def test_an_unknown_token_is_refused(agent: Agent, token: str) -> None:
    response = Caller(token.encode().decode("latin-1")).get(schedules_path(agent))

    assert_error(response, 401, "invalid_api_key")
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_wrong_secret_is_refused(api: Caller, agent: Agent) -> None:
    assert api.token is not None
    wrong = api.token[:-1] + ("A" if api.token[-1] != "A" else "B")

    assert_error(Caller(wrong).get(schedules_path(agent)), 401, "invalid_api_key")


def test_the_scheme_is_read_in_any_case(api: Caller, agent: Agent) -> None:
    response = Caller().send("GET", schedules_path(agent), b"", "", Authorization=f"bEaReR  {api.token}")

    assert document(response) == {"schedules": []}


def test_a_disabled_key_is_refused_until_it_is_enabled_again(api: Caller, agent: Agent) -> None:
    ApiKey.objects.update(is_enabled=False)
    assert_error(api.get(schedules_path(agent)), 401, "invalid_api_key")

    ApiKey.objects.update(is_enabled=True)
    document(api.get(schedules_path(agent)))


@pytest.mark.parametrize("end", [{"is_enabled": False}, {"revoked_at": datetime(2026, 6, 1, tzinfo=UTC)}])
def test_a_key_that_was_used_just_now_stops_working_within_a_second(
    api: Caller, agent: Agent, end: dict[str, Any]
) -> None:
    document(api.get(schedules_path(agent)))

    ApiKey.objects.update(**end)

    refused = wait_for(
        lambda: (answer := api.get(schedules_path(agent))).status_code == 401 and answer, seconds=5
    )
    assert api_key_cache.SECONDS < 1, "how long it is believed; the rest of the wait is a busy machine's"
    assert isinstance(refused, HttpResponse)
    assert_error(refused, 401, "invalid_api_key")


def test_without_the_cache_a_revoked_key_is_refused_at_once(
    api: Caller, agent: Agent, settings: Settings, standing_clock: None
) -> None:
    settings.ORQ = settings.ORQ.model_copy(update={"without": ["key_cache"]})
    assert document(api.get(schedules_path(agent))) == {"schedules": []}

    api_keys.revoke(ApiKey.objects.get(), _now())

    assert_error(api.get(schedules_path(agent)), 401, "invalid_api_key")


def test_a_revoked_key_is_refused(api: Caller, agent: Agent) -> None:
    api_keys.revoke(ApiKey.objects.get(), _now())
    assert_error(api.get(schedules_path(agent)), 401, "invalid_api_key")

    ApiKey.objects.update(is_enabled=True)
    assert_error(api.get(schedules_path(agent)), 401, "invalid_api_key")


def test_an_expired_key_is_refused(agent: Agent) -> None:
    expired = Caller(make_token(agent.workspace, expires_at=_now() - timedelta(seconds=1)))
    lasting = Caller(make_token(agent.workspace, expires_at=_now() + timedelta(minutes=5)))

    response = expired.get(schedules_path(agent))

    assert_error(response, 401, "expired_api_key")
    assert response["WWW-Authenticate"] == "Bearer"
    document(lasting.get(schedules_path(agent)))


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "PUT", "BREW", "OPTIONS"])
def test_authentication_comes_before_everything_else(nobody: Caller, agent: Agent, method: str) -> None:
    response = nobody.send(method, "/v3/agents/unknown/schedules", b"{not json", "text/plain")

    assert_error(response, 401, "authentication_required")


def test_the_scope_is_judged_before_path_and_body(reader: Caller) -> None:
    response = reader.send("POST", "/v3/agents/unknown/schedules", b"{not json", "text/plain")

    assert_error(response, 403, "insufficient_scope")


def test_a_method_nobody_may_use_is_no_question_of_scope(reader: Caller, agent: Agent) -> None:
    assert_error(reader.call("PUT", schedules_path(agent), {}), 405, "method_not_allowed")


def test_the_key_signs_its_deeds(api: Caller, schedule: Schedule) -> None:
    other = api_keys.issue(schedule.workspace, scope=Scope.WRITE)

    changed = document(Caller(other.token).patch(schedule_path(schedule), {"display_name": "x"}))

    assert changed["updated_by_id"] == f"apk_{other.key.id}"
    assert changed["created_by_id"] == "apk_test"


@pytest.mark.usefixtures("standing_clock")
def test_the_last_use_is_noted_to_the_minute(
    api: Caller, agent: Agent, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    api.get(schedules_path(agent))
    used_at = ApiKey.objects.get().last_used_at
    assert used_at is not None
    assert _now() - used_at < timedelta(minutes=1)

    with django_assert_num_queries(3):  # the agent, its schedules, what holds them: no note
        api.get(schedules_path(agent))


def test_a_refused_key_leaves_no_note(api: Caller, agent: Agent) -> None:
    ApiKey.objects.update(is_enabled=False)

    api.get(schedules_path(agent))

    assert ApiKey.objects.get().last_used_at is None


@pytest.mark.django_db(transaction=True)  # a failed statement would spoil the test's own transaction
def test_a_note_that_cannot_be_written_refuses_nobody(api: Caller, agent: Agent) -> None:
    def read_only(execute, sql, *rest):  # type: ignore[no-untyped-def]
        if sql.startswith("UPDATE"):
            raise OperationalError("the database is read-only")
        return execute(sql, *rest)

    with connection.execute_wrapper(read_only):
        answer = document(api.get(schedules_path(agent)))

    assert answer == {"schedules": []}
    assert ApiKey.objects.get().last_used_at is None


def test_the_database_never_sees_a_secret(api: Caller) -> None:
    assert api.token is not None
    secret = api.token.split("-", 3)[3]

    stored = ApiKey.objects.values().get()

    assert stored["secret_sha256"] == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in str(stored)
