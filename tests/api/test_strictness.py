"""Bodies are read strictly: whatever is not documented is refused, nothing is coerced, nothing is written."""

import json
from typing import Any

import pytest
from django.conf import settings

from schedules import strict_json
from schedules.models import Agent, Schedule
from tests.api.caller import Caller, assert_error, document, everything, schedule_path, schedules_path

NEW: dict[str, Any] = {"type": "cron", "expression": "0 0 9 * * *", "payload": {"input": "Hello"}}
LIMIT = settings.ORQ.max_body_bytes
RAW_NEW = json.dumps(NEW).encode()


def _without(name: str) -> dict[str, Any]:
    return {key: value for key, value in NEW.items() if key != name}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (NEW | {"zz": 1}, "zz"),
        (NEW | {"id": "01KPN29WWKSK0VDPJNTKZPVNRB"}, "id"),
        (NEW | {"_id": "01KPN29WWKSK0VDPJNTKZPVNRB"}, "_id"),
        (NEW | {"generation": 7}, "generation"),
        (NEW | {"workspace_id": "cd185327-a8a5-4e55-ac9e-51c8e8b7f0e5"}, "workspace_id"),
        (NEW | {"is_active": False}, "is_active"),
        (NEW | {"": 1}, ""),
        (_without("type"), "type"),
        (NEW | {"type": None}, "type"),
        (NEW | {"type": "CRON"}, "type"),
        (NEW | {"type": "weekly"}, "type"),
        (NEW | {"type": ["cron"]}, "type"),
        (NEW | {"type": ""}, "type"),
        (_without("expression"), "expression"),
        (NEW | {"expression": None}, "expression"),
        (NEW | {"expression": 5}, "expression"),
        (NEW | {"expression": True}, "expression"),
        (NEW | {"expression": ["0 0 9 * * *"]}, "expression"),
        (_without("payload"), "payload"),
        (NEW | {"payload": None}, "payload"),
        (NEW | {"payload": 5}, "payload"),
        (NEW | {"payload": "Hello"}, "payload"),
        (NEW | {"payload": []}, "payload"),
        (NEW | {"payload": {"zz": 1}}, "payload"),
        (NEW | {"payload": {"input": None}}, "payload.input"),
        (NEW | {"payload": {"input": 5}}, "payload.input"),
        (NEW | {"payload": {"input": ["Hello"]}}, "payload.input"),
        (NEW | {"payload": {"memory_entity_id": None}}, "payload.memory_entity_id"),
        (NEW | {"payload": {"memory_entity_id": 5}}, "payload.memory_entity_id"),
        (NEW | {"payload": {"metadata": None}}, "payload.metadata"),
        (NEW | {"payload": {"metadata": []}}, "payload.metadata"),
        (NEW | {"payload": {"variables": "x"}}, "payload.variables"),
        (NEW | {"payload": {"variables": {"x": {"secret": True}}}}, "payload.variables.x"),
        (
            NEW | {"payload": {"variables": {"x": {"secret": "yes", "value": "y"}}}},
            "payload.variables.x",
        ),
        (
            NEW | {"payload": {"variables": {"x": {"secret": True, "value": {}}}}},
            "payload.variables.x",
        ),
        (
            NEW | {"payload": {"input": "Hi", "variables": {"x": {"secret": True, "value": "********"}}}},
            "payload.variables.x",
        ),
        (NEW | {"agent_tag": 5}, "agent_tag"),
        (NEW | {"agent_tag": "v" * 101}, "agent_tag"),
        (NEW | {"display_name": 5}, "display_name"),
        (NEW | {"display_name": "n" * 256}, "display_name"),
    ],
)
def test_a_create_that_is_not_as_documented_is_refused(
    api: Caller, agent: Agent, body: dict[str, Any], param: str
) -> None:
    assert_error(api.post(schedules_path(agent), body), 400, "invalid_request_body", param)

    assert everything() == []


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"zz": 1}, "zz"),
        ({"generation": 7}, "generation"),
        ({"trigger_count": 0}, "trigger_count"),
        ({"next_fire_at": "2099-01-01T00:00:00Z"}, "next_fire_at"),
        ({"is_active": None}, "is_active"),
        ({"is_active": "false"}, "is_active"),
        ({"is_active": 0}, "is_active"),
        ({"is_active": []}, "is_active"),
        ({"type": None}, "type"),
        ({"type": "weekly"}, "type"),
        ({"expression": None}, "expression"),
        ({"expression": 5}, "expression"),
        ({"payload": None}, "payload"),
        ({"payload": {"input": "x", "zz": 1}}, "payload"),
        ({"agent_tag": False}, "agent_tag"),
        ({"display_name": {}}, "display_name"),
        ({"display_name": "n" * 256}, "display_name"),
    ],
)
def test_an_update_that_is_not_as_documented_is_refused(
    api: Caller, schedule: Schedule, body: dict[str, Any], param: str
) -> None:
    before = everything()

    assert_error(api.patch(schedule_path(schedule), body), 400, "invalid_request_body", param)

    assert everything() == before


@pytest.mark.parametrize("name", ["", " ", " Morning ", "\n", "<b>Morning</b>", "5", "null"])
def test_a_name_is_kept_to_the_letter(api: Caller, agent: Agent, name: str) -> None:
    created = document(api.post(schedules_path(agent), NEW | {"display_name": name}), 201)

    assert document(api.get(f"{schedules_path(agent)}/{created['_id']}"))["display_name"] == name


def test_the_longest_names_are_taken(api: Caller, agent: Agent) -> None:
    created = document(api.post(schedules_path(agent), NEW | {"display_name": "ß" * 255}), 201)

    assert created["display_name"] == "ß" * 255
    assert_error(
        api.post(schedules_path(agent), NEW | {"agent_tag": "v" * 100}), 404, "agent_not_found", "agent_tag"
    )


@pytest.mark.parametrize(
    ("type_", "expression"),
    [
        ("cron", "@every 1h"),
        ("once", "0 0 9 * * *"),
        ("interval", "0 0 9 * * *"),
        ("cron", ""),
        ("cron", " "),
        ("cron", "0 9 * * *"),
        ("cron", "0 0 9 * * * *"),
        ("cron", "* * * * * *"),
        ("cron", "0 */30 * * * *"),
        ("cron", "0 0 0 30 2 *"),
        ("cron", "0 60 * * * *"),
        ("cron", "0 0 24 * * *"),
        ("cron", "0 0 0 0 * *"),
        ("cron", "0 0 0 * 13 *"),
        ("cron", "0 0 0 * * 7"),
        ("cron", "-1 0 0 * * *"),
        ("cron", "0 0 1/0 * * *"),
        ("cron", "0 0 */0 * * *"),
        ("cron", "0 0 5-1 * * *"),
        ("cron", "0 0 0 * * mon-xyz"),
        ("cron", "@reboot"),
        ("cron", "@fortnightly"),
        ("cron", "CRON_TZ=Europe/Berlin 0 0 9 * * *"),
        ("interval", "@every 59m59s"),
        ("interval", "@every 0s"),
        ("interval", "@every -1h"),
        ("interval", "@every 1e9h"),
        ("interval", "@every 9999999999h"),
        ("interval", "@every 1h1"),
        ("interval", "@every  1h"),
        ("once", "@at 2020-01-01T00:00:00Z"),
        ("once", "@at 2099-01-01T00:00:00"),
        ("once", "@at 2099-02-30T00:00:00Z"),
        ("once", "@at 2099-01-01T00:00:60Z"),
        ("once", "@at 10000-01-01T00:00:00Z"),
        ("once", "@at 2099-01-01T00:00:00+25:00"),
        ("cron", "0 " * 5000),
        ("cron", "0 0 9 * * ☃"),
    ],
)
def test_an_expression_that_means_nothing_is_refused_with_an_example(
    api: Caller, agent: Agent, type_: str, expression: str
) -> None:
    response = api.post(schedules_path(agent), NEW | {"type": type_, "expression": expression})

    message = assert_error(response, 400, "invalid_expression", "expression")
    assert message.startswith("expression: ")
    assert "Valid example: " in message
    assert len(message) < 500
    assert everything() == []


def _deep(levels: int) -> bytes:
    return b'{"type":"cron","expression":"0 0 9 * * *","payload":{"input":"Hi","metadata":{"x":%b%b}}}' % (
        b"[" * (levels - 3),
        b"]" * (levels - 3),
    )


def _metadata(value: str) -> bytes:
    return RAW_NEW.replace(b'{"input": "Hello"}', b'{"input": "Hi", "metadata": {"x": %b}}' % value.encode())


NOT_JSON = {
    "empty": b"",
    "blank": b" ",
    "null": b"null",
    "array": b"[]",
    "string": b'"x"',
    "number": b"5",
    "truncated": RAW_NEW[:-1],
    "two values": RAW_NEW + b"{}",
    "single quotes": b"{'type': 'cron'}",
    "comment": RAW_NEW[:-1] + b"/* */}",
    "trailing comma": RAW_NEW[:-1] + b",}",
    "NaN": _metadata("NaN"),
    "Infinity": _metadata("Infinity"),
    "-Infinity": _metadata("-Infinity"),
    "float overflow": _metadata("1e400"),
    "endless integer": _metadata("9" * 5000),
    "byte order mark": b"\xef\xbb\xbf" + RAW_NEW,
    "UTF-16": json.dumps(NEW).encode("utf-16"),
    "UTF-16 without a mark": json.dumps(NEW).encode("utf-16-le"),
    "latin-1": _metadata('"x"').replace(b"x", b"\xe4"),
    "overlong UTF-8": _metadata('"x"').replace(b'"x"', b'"\xc0\x80"'),
    "surrogate in UTF-8": _metadata('"x"').replace(b'"x"', b'"\xed\xa0\x80"'),
    "raw NUL": _metadata('"\x00"'),
    "escaped NUL": _metadata('"a\\u0000b"'),
    "escaped NUL in a name": _metadata('{"\\u0000": 1}'),
    "lone surrogate": _metadata('"\\ud800"'),
    "reversed surrogates": _metadata('"\\udc00\\ud800"'),
    "lone surrogate in a name": _metadata('{"\\udfff": 1}'),
    "NUL in the expression": RAW_NEW.replace(b"0 0 9", b"0\\u0000 9"),
    "surrogate in the expression": RAW_NEW.replace(b"0 0 9", b"0 \\ud800 9"),
    "NUL in an unknown name": RAW_NEW[:-1] + b', "\\u0000": 1}',
    "33 levels": _deep(33),
    "500 levels": _deep(500),
    "5,000 levels": _deep(5_000),
    "100,000 levels": _deep(100_000),
    "100,000 levels never closed": b'{"a":' * 40_000,
    "name twice": RAW_NEW[:-1] + b', "type": "once"}',
    "name twice below": _metadata('{"a": 1, "a": 1}'),
    "1,001 names": _metadata(json.dumps({f"k{number}": 0 for number in range(995)})),
    "text above 64 KiB": _metadata(json.dumps("x" * (64 * 1024 + 1))),
    "name above 64 KiB": _metadata(json.dumps({"x" * (64 * 1024 + 1): 1})),
    "text above 64 KiB in UTF-8": _metadata(json.dumps("€" * (64 * 1024 // 3 + 1), ensure_ascii=False)),
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_a_body_that_is_not_plain_json_is_refused(
    api: Caller, agent: Agent, schedule: Schedule, body: bytes
) -> None:
    before = everything()

    created = api.send("POST", schedules_path(agent), body, "application/json")
    changed = api.send("PATCH", schedule_path(schedule), body, "application/json")

    for response in (created, changed):
        message = assert_error(response, 400, "invalid_request_body")
        assert len(message) < 500
    assert everything() == before
    document(api.get(schedule_path(schedule)))


@pytest.mark.parametrize(
    "body",
    [
        _deep(32),
        _metadata(json.dumps({f"k{number}": 0 for number in range(994)})),
        _metadata(json.dumps("x" * 64 * 1024)),
        _metadata('"\\ud83d\\ude00"'),
        _metadata('"😀 \\u0001 \\ufeff \\uffff"'),
        _metadata(str(2**70)),
        _metadata("[" + "0," * 50_000 + "0]"),
    ],
    ids=["32 levels", "1,000 names", "64 KiB", "surrogate pair", "odd characters", "2^70", "long array"],
)
def test_what_is_just_within_the_bounds_is_kept_exactly(api: Caller, agent: Agent, body: bytes) -> None:
    created = document(api.send("POST", schedules_path(agent), body, "application/json"), 201)

    assert created["payload"] == json.loads(body)["payload"]
    assert document(api.get(f"{schedules_path(agent)}/{created['_id']}")) == created


@pytest.mark.parametrize("size", [LIMIT + 1, 3 * 1024 * 1024])
@pytest.mark.parametrize("kind", ["json", "garbage"])
def test_a_body_above_the_limit_is_refused_unread(
    api: Caller, agent: Agent, schedule: Schedule, size: int, kind: str
) -> None:
    body = RAW_NEW + b" " * (size - len(RAW_NEW)) if kind == "json" else b"x" * size
    before = everything()

    for method, path in (("POST", schedules_path(agent)), ("PATCH", schedule_path(schedule))):
        message = assert_error(api.send(method, path, body, "application/json"), 413, "payload_too_large")
        assert str(LIMIT) in message

    assert everything() == before


def test_a_body_of_exactly_the_limit_is_read(api: Caller, agent: Agent) -> None:
    body = RAW_NEW + b" " * (LIMIT - len(RAW_NEW))

    document(api.send("POST", schedules_path(agent), body, "application/json"), 201)


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/vnd.api+json",
        "application/jsonp",
        "application/*",
        "*/*",
        "json",
        ";",
        "a" * 5000,
    ],
)
def test_another_content_type_is_refused(
    api: Caller, agent: Agent, schedule: Schedule, content_type: str
) -> None:
    before = everything()

    for method, path in (("POST", schedules_path(agent)), ("PATCH", schedule_path(schedule))):
        assert_error(api.send(method, path, RAW_NEW, content_type), 415, "unsupported_media_type")

    assert everything() == before


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=utf-16",
    ],
)
def test_json_is_always_utf_8(api: Caller, agent: Agent, content_type: str) -> None:
    named = json.dumps(NEW | {"display_name": "Grüße"}, ensure_ascii=False).encode()

    created = document(api.send("POST", schedules_path(agent), named, content_type), 201)

    assert created["display_name"] == "Grüße"


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "application/json; indent=8", "", "x"])
def test_the_answer_is_json_whatever_is_accepted(api: Caller, agent: Agent, accept: str) -> None:
    response = api.send("GET", schedules_path(agent) + "?format=html", b"", "", Accept=accept)

    assert document(response) == {"schedules": []}
    assert response.content == b'{"schedules":[]}'


@pytest.mark.parametrize(
    "variable", ["{{x}}", "{{a}}{{b}}", "{{x.__class__}}", "{% include 'x' %}", "${jndi:ldap://x}"]
)
def test_templates_in_values_are_only_text(api: Caller, agent: Agent, variable: str) -> None:
    payload = {"input": variable, "variables": {"x": variable, "a": "{{b}}", "b": "{{a}}"}}

    assert document(api.post(schedules_path(agent), NEW | {"payload": payload}), 201)["payload"] == payload


def test_reading_is_bounded_without_recursion() -> None:
    nested: Any = []
    for _ in range(settings.ORQ.max_json_depth - 1):
        nested = [nested]

    assert strict_json.read(json.dumps(nested).encode()) == nested
