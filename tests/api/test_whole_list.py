"""The list without `limit`, of any length: the bytes of one document, a page of it in memory, no connection held."""

import json
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.http import StreamingHttpResponse
from django.test.utils import CaptureQueriesContext

from schedules import editing
from schedules.api import whole_list
from schedules.models import Agent, Schedule
from tests.api.caller import CLIENT, Caller, assert_error, schedules_path
from tests.factories import NOON, make_schedule


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three schedules, or four hundred bytes of payloads."""
    monkeypatch.setattr(whole_list, "PAGE_ROWS", 3)
    monkeypatch.setattr(whole_list, "PAGE_BYTES", 400)


def asked(api: Caller, path: str, method: str = "GET") -> Any:
    return CLIENT.generic(method, path, headers={"Authorization": f"Bearer {api.token}"})


def streamed(api: Caller, path: str) -> list[bytes]:
    """The parts of the answer, as they are sent."""
    response = asked(api, path)
    assert isinstance(response, StreamingHttpResponse)
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    return list(response)


def in_one_piece(monkeypatch: pytest.MonkeyPatch, api: Caller, path: str) -> bytes:
    monkeypatch.setattr(whole_list, "PAGE_ROWS", 10_000)
    monkeypatch.setattr(whole_list, "PAGE_BYTES", 10**9)
    response = asked(api, path)
    assert not response.streaming
    return bytes(response.content)


@pytest.mark.parametrize("count", [3, 4, 6, 7, 10])
def test_the_document_is_the_same_byte_by_byte(
    api: Caller, agent: Agent, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(count):
        make_schedule(agent, display_name=f"Nr. {number} ☀", payload={"input": "x" * number * 50})

    parts = streamed(api, schedules_path(agent))

    assert b"".join(parts) == in_one_piece(monkeypatch, api, schedules_path(agent))
    assert len(json.loads(b"".join(parts))["schedules"]) == count


def test_a_page_ends_where_its_bytes_are_used_up(api: Caller, agent: Agent) -> None:
    for length in (10, 10, 1000, 1000, 10, 390):
        make_schedule(agent, payload={"input": "x" * length})

    parts = streamed(api, schedules_path(agent))

    pages = [part.count(b'"_id"') for part in parts]
    assert pages == [1, 2, 1, 2, 0]


def test_a_payload_of_unknown_length_is_taken_for_a_long_one(api: Caller, agent: Agent) -> None:
    for _ in range(3):
        make_schedule(agent)
    Schedule.objects.update(payload_bytes=None)

    assert [part.count(b'"_id"') for part in streamed(api, schedules_path(agent))] == [1, 1, 1, 0]


def test_a_list_that_fits_is_an_ordinary_answer(api: Caller, agent: Agent) -> None:
    for _ in range(2):
        make_schedule(agent)

    response = asked(api, schedules_path(agent))

    assert int(response["Content-Length"]) == len(response.content)


def test_each_page_is_one_statement(api: Caller, agent: Agent) -> None:
    for _ in range(9):
        make_schedule(agent)
    streamed(api, schedules_path(agent))  # reads the key

    with CaptureQueriesContext(connection) as queries:
        streamed(api, schedules_path(agent))

    assert sum("bytes_before" in query["sql"] for query in queries) == 4


def test_it_goes_on_after_a_position(api: Caller, agent: Agent) -> None:
    ids = sorted((make_schedule(agent).id for _ in range(8)), reverse=True)

    parts = streamed(api, f"{schedules_path(agent)}?after={ids[1]}")

    assert [each["_id"] for each in json.loads(b"".join(parts))["schedules"]] == ids[2:]
    assert_error(api.get(f"{schedules_path(agent)}?after={'0' * 26}"), 400, "invalid_request_body", "after")


def test_what_is_deleted_or_made_meanwhile_harms_nothing(api: Caller, agent: Agent) -> None:
    schedules = [make_schedule(agent) for _ in range(9)]
    response = asked(api, schedules_path(agent))
    parts = iter(response)
    content = next(parts)

    editing.delete(schedules[0].id, "apk_x", NOON)
    editing.delete(schedules[5].id, "apk_x", NOON)
    make_schedule(agent)

    left = {each.id for each in schedules} - {schedules[0].id, schedules[5].id}
    assert {each["_id"] for each in json.loads(content + b"".join(parts))["schedules"]} == left


def test_a_head_has_no_body(api: Caller, agent: Agent) -> None:
    for _ in range(4):
        make_schedule(agent)

    response = asked(api, schedules_path(agent), "HEAD")

    assert (response.status_code, b"".join(response)) == (200, b"")


def test_an_error_before_the_first_byte_has_the_contracts_body(
    api: Caller, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Any:
        raise OperationalError("gone")

    monkeypatch.setattr(whole_list, "_page", fail)

    assert_error(api.get(schedules_path(agent)), 503, "service_unavailable")


def test_an_error_later_ends_the_document_early(
    api: Caller, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(7):
        make_schedule(agent)
    parts = iter(asked(api, schedules_path(agent)))
    content = next(parts)

    with connection.execute_wrapper(_gone), pytest.raises(OperationalError):
        next(parts)

    assert not content.endswith(b"]}")


def _gone(*_: Any) -> Any:
    raise OperationalError("gone")


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
def test_while_the_client_reads_no_connection_is_held(api: Caller, agent: Agent) -> None:
    for _ in range(7):
        make_schedule(agent)
    parts = iter(asked(api, schedules_path(agent)))

    next(parts)

    assert connection.connection is None
    list(parts)
    assert connection.connection is None
