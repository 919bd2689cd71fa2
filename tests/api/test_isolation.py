"""The matrix: every call by everybody. The answer is the contract's, and what is refused changes nothing."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.http import HttpResponse

from tests.api import matrix
from tests.api.caller import Caller, assert_error, document
from tests.api.matrix import (
    ADMIN,
    AGENT,
    CALLERS,
    CALLS,
    CONSOLE,
    LEADING,
    NAMESAKE,
    OPEN,
    OTHER,
    OTHER_AGENT,
    OWN_SCOPES,
    OWNER,
    Call,
    World,
)

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
CLOSED = sorted({call.route for call in CALLS})


@pytest.fixture
def world(db: None) -> World:
    """What every cell begins with."""
    return World.new()


def _caller(world: World, name: str) -> Caller:
    return Caller(CALLERS[name](world))


def _database() -> dict[str, list[dict[str, Any]]]:
    """Every row of the domain; but for the last use of a key, which is noted of whoever is let in."""
    tables = {
        model.__name__: list(model._default_manager.order_by("pk").values())
        for model in apps.get_app_config("schedules").get_models()
    }
    for key in tables["ApiKey"]:
        key.pop("last_used_at")
        key.pop("last_used_address")
    return tables


def _of(agent_id: Any, database: dict[str, list[dict[str, Any]]]) -> list[Any]:
    """What belongs to one agent."""
    schedules = [row for row in database["Schedule"] if row["agent_id"] == agent_id]
    ids = {row["id"] for row in schedules}
    return [
        schedules,
        *([row for row in rows if row.get("schedule_id") in ids] for rows in database.values()),
    ]


def _send(world: World, call: Call, caller: str, who: Caller) -> HttpResponse:
    agent = world.other_agent if caller == OTHER_AGENT else None
    return who.call(call.method, world.path(call, agent), call.body)


def test_every_path_has_its_rows() -> None:
    listed = {*CLOSED, *OPEN, *OTHER, *LEADING}

    assert {route for route in matrix.routes() if not route.startswith(CONSOLE)} == listed


def test_every_method_has_its_row() -> None:
    for route in CLOSED:
        view = matrix.routes()[route].cls
        answered = {name.upper() for name in view.http_method_names if hasattr(view, name)}

        assert answered == {call.method for call in CALLS if call.route == route}, route


@pytest.mark.parametrize("caller", CALLERS)
def test_the_answers_are_the_contracts(world: World, caller: str, subtests: pytest.Subtests) -> None:
    """All calls in one world: what must change nothing stays done, so that any change would be seen at the end."""
    who = _caller(world, caller)
    before = _database()

    for call in CALLS:
        is_refused = matrix.expected(call, caller)[1] is not None
        with subtests.test(str(call)), nullcontext() if is_refused or not call.is_write else _undone():
            response = _send(world, call, caller, who)
            _assert_expected(response, call, caller)
            _assert_own_rows_only(world, call, caller, response, before)

    assert _database() == before


def _assert_expected(response: HttpResponse, call: Call, caller: str) -> None:
    status, code = matrix.expected(call, caller)
    if code is not None:
        assert_error(response, status, code)
    elif status == 204:
        assert (response.status_code, response.content) == (204, b"")
    else:
        document(response, status)


def _assert_own_rows_only(
    world: World, call: Call, caller: str, response: HttpResponse, before: dict[str, list[dict[str, Any]]]
) -> None:
    """Nobody of another agent or workspace has seen or changed what is of the world's agent."""
    if call.is_write and caller in (OTHER_AGENT, NAMESAKE):
        assert _of(world.agent.id, _database()) == _of(world.agent.id, before)
    if caller not in OWN_SCOPES and not (caller == OTHER_AGENT and "<" not in call.route):
        shown = response.content.decode().replace(world.path(call), "")
        assert not [each for each in (world.run.id, world.ended_run.id) if each in shown]


@contextmanager
def _undone() -> Iterator[None]:
    """What the block does is not there after it."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("call", [call for call in CALLS if call.is_write], ids=str)
def test_what_is_allowed_does_change_something(world: World, call: Call) -> None:
    who = _caller(world, ADMIN)
    matrix.make_ready(world, call)
    before = _database()

    response = _send(world, call, ADMIN, who)

    assert response.status_code == call.status
    assert _database() != before


@pytest.mark.parametrize("caller", [OTHER_AGENT, NAMESAKE])
def test_a_list_shows_only_what_belongs_to_the_agent_that_is_reached(world: World, caller: str) -> None:
    response = _send(world, Call("GET", AGENT), caller, _caller(world, caller))

    assert document(response) == {"schedules": []}


def test_no_path_answers_another_method(world: World, subtests: pytest.Subtests) -> None:
    who, before = _caller(world, ADMIN), _database()

    for route in CLOSED:
        calls = {call.method: call for call in CALLS if call.route == route}
        path = world.path(next(iter(calls.values())))
        with subtests.test(route):
            for method in METHODS:
                if method not in calls:
                    assert_error(who.call(method, path), 405, "method_not_allowed")
            assert who.call("HEAD", path).status_code == (200 if "GET" in calls else 405)

    assert _database() == before


@pytest.mark.parametrize("caller", CALLERS)
def test_what_is_open_answers_everybody(world: World, caller: str) -> None:
    who, before = _caller(world, caller), _database()

    assert {route: who.get(f"/{route}").status_code for route in OPEN} == dict.fromkeys(OPEN, 200)

    assert _database() == before


@pytest.mark.parametrize("caller", [OWNER, "nobody"])
def test_no_key_opens_the_console(world: World, caller: str) -> None:
    who, before = _caller(world, caller), _database()
    paths = {
        "/" + re.sub(r"<[^>]+>|\(.*\)", "1", route).replace("^", "").replace("$", "").replace("\\Z", "")
        for route in matrix.routes()
        if route.startswith(CONSOLE)
    }
    assert len(paths) > 20

    provider = {path for path in paths if path.startswith("/console/login/provider/")}  # none is configured
    assert {who.get(path).status_code for path in provider} == {404}
    for path in sorted(paths - {"/console/login/", "/console/logout/"} - provider):
        for method in ("GET", "POST"):
            response = who.call(method, path)
            assert response.status_code == 302, path
            assert response["Location"].startswith("/console/login/"), path

    assert _database() == before
