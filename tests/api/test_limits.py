"""Bodies beyond a limit are refused at once: the database is asked for nothing but the key."""

import json
from typing import Any

import pytest
from django.conf import settings as of_the_run
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from schedules.models import Agent, Schedule
from tests.api.caller import Caller, assert_error, document, everything, schedule_path, schedules_path
from tests.counting import steps

NEW: dict[str, Any] = {"type": "cron", "expression": "0 0 9 * * *", "payload": {"input": "Hello"}}
MOST_STEPS = 10_000
"""The largest body has 26 times as many bytes: what it is made of is never looked at one by one."""

LIMITS = of_the_run.ORQ


def _nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


TOO_MUCH = {
    "too large": (413, b"x" * (LIMITS.max_body_bytes + 1)),
    "far too large": (413, b"x" * (40 * LIMITS.max_body_bytes)),
    "too deep": (400, json.dumps(_nested(LIMITS.max_json_depth + 1)).encode()),
    "never closed": (400, b"[" * LIMITS.max_body_bytes),
    "too many names": (400, json.dumps(dict.fromkeys(map(str, range(LIMITS.max_json_names + 1)))).encode()),
    "too long a text": (400, json.dumps({"a": "x" * (LIMITS.max_text_bytes + 1)}).encode()),
    "too long a name": (400, json.dumps({"x" * (LIMITS.max_text_bytes + 1): 1}).encode()),
    "too many digits": (400, b"9" * LIMITS.max_body_bytes),
    "many small texts": (400, b"[" + b'"a",' * 65_000),
}


@pytest.mark.parametrize(("status", "body"), TOO_MUCH.values(), ids=TOO_MUCH.keys())
@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.usefixtures("standing_clock")
def test_a_body_beyond_a_limit_is_refused_before_the_database_is_asked(
    api: Caller, schedule: Schedule, method: str, status: int, body: bytes
) -> None:
    path = schedules_path(schedule.agent) if method == "POST" else schedule_path(schedule)
    document(api.get(path))  # reads the key and notes its use
    before = everything()

    statuses: list[int] = []
    with CaptureQueriesContext(connection) as asked:
        work = steps(lambda: statuses.append(api.send(method, path, body, "application/json").status_code))

    assert statuses == [status]
    assert not asked.captured_queries
    assert work < MOST_STEPS
    assert everything() == before


@pytest.mark.parametrize(
    ("limit", "value", "refused", "accepted"),
    [
        ("max_body_bytes", 2000, NEW | {"display_name": "x" * 2000}, NEW),
        (
            "max_json_depth",
            10,
            NEW | {"payload": {"input": "Hi", "metadata": {"x": _nested(8)}}},
            NEW | {"payload": {"input": "Hi", "metadata": {"x": _nested(7)}}},
        ),
        (
            "max_json_names",
            20,
            NEW | {"payload": {"input": "Hi", "metadata": dict.fromkeys(map(str, range(16)))}},
            NEW | {"payload": {"input": "Hi", "metadata": dict.fromkeys(map(str, range(15)))}},
        ),
        (
            "max_text_bytes",
            1024,
            NEW | {"payload": {"input": "x" * 1025}},
            NEW | {"payload": {"input": "x" * 1024}},
        ),
    ],
)
def test_every_limit_is_a_setting(
    api: Caller, agent: Agent, settings: Settings, limit: str, value: int, refused: Any, accepted: Any
) -> None:
    settings.ORQ = settings.ORQ.model_copy(update={limit: value})

    refusal = api.post(schedules_path(agent), refused)

    assert refusal.status_code in (400, 413)
    assert str(value) in refusal.content.decode()
    document(api.post(schedules_path(agent), accepted), 201)


LONG = "n" * 60_000


@pytest.mark.parametrize(
    "body",
    [
        NEW | {LONG: 1},
        NEW | {"payload": {LONG: 1}},
        NEW | {"payload": {"input": "Hi", "variables": {LONG: {"secret": True}}}},
        NEW | {"payload": {"input": "Hi", "variables": {LONG: {"secret": True, "value": "********"}}}},
        NEW | {"type": LONG},
        NEW | {"expression": LONG},
        NEW | {"agent_tag": LONG},
        NEW | {"display_name": LONG},
    ],
    ids=["field", "payload field", "secret", "mask", "type", "expression", "tag", "name"],
)
def test_an_error_does_not_repeat_what_is_long(api: Caller, agent: Agent, body: Any) -> None:
    response = api.post(schedules_path(agent), body)

    error = document(response, 400)["error"]
    assert len(error["message"]) < 500
    assert len(error["param"]) < 200
    assert everything() == []


def test_a_long_tag_that_the_agent_lacks_is_cut(api: Caller, agent: Agent) -> None:
    message = assert_error(
        api.post(schedules_path(agent), NEW | {"agent_tag": "v" * 100}), 404, "agent_not_found", "agent_tag"
    )

    assert "v" * 40 in message
    assert "v" * 41 not in message
