"""The links of create: each leads, from what create was asked and answered, to a request that succeeds."""

import json
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import HttpResponse

from schedules.models import Agent, Schedule
from tests.api.caller import Caller, document, schedules_path
from tests.api.test_description import OPERATIONS

NEW = {"type": "cron", "expression": "0 0 9 * * *", "payload": {"input": "Hello"}}
CREATE = ("/v3/agents/{agent_key}/schedules", "post")
BODIES = {"update-agent-schedule": {"display_name": "linked"}}
PLACES = {operation_id: place for place, operation_id in OPERATIONS.items()}


@pytest.fixture
def links(nobody: Caller) -> dict[str, Any]:
    """The links of the 201 of create."""
    path, method = CREATE
    paths: dict[str, Any] = document(nobody.get("/openapi.json"))["paths"]
    found: dict[str, Any] = paths[path][method]["responses"]["201"]["links"]
    return found


def test_they_lead_to_every_operation_on_a_schedule_and_to_the_list(links: dict[str, Any]) -> None:
    on_a_schedule = {
        operation_id for operation_id, (path, _) in PLACES.items() if _names(path)[1:] == ["schedule_id"]
    }

    assert {link["operationId"] for link in links.values()} == on_a_schedule | {"list-agent-schedules"}


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("retrieve", 200),
        ("update", 200),
        ("delete", 204),
        ("pause", 200),
        ("resume", 200),
        ("trigger", 202),
        ("preview", 200),
        ("explain", 200),
        ("runs", 200),
        ("list", 200),
    ],
)
def test_following_a_link_succeeds(
    api: Caller, agent: Agent, links: dict[str, Any], name: str, status: int
) -> None:
    created = api.post(schedules_path(agent), NEW)

    answer = follow(api, links[name], {"agent_key": agent.key}, created)

    assert answer.status_code == status, answer.content


def test_the_links_that_change_something_keep_a_later_edit(
    api: Caller, agent: Agent, links: dict[str, Any]
) -> None:
    created = api.post(schedules_path(agent), NEW)
    api.patch(f"{schedules_path(agent)}/{document(created, 201)['_id']}", {"display_name": "somebody else's"})

    statuses = {
        name: follow(api, links[name], {"agent_key": agent.key}, created).status_code
        for name in ("update", "delete")
    }

    assert statuses == {"update": 412, "delete": 412}
    assert Schedule.objects.get().display_name == "somebody else's"


def follow(api: Caller, link: dict[str, Any], asked: dict[str, str], created: HttpResponse) -> HttpResponse:
    """Make the request a link describes: `asked` is the path of create, `created` what it answered."""
    values = {name: _value(text, asked, created) for name, text in link["parameters"].items()}
    headers = {
        name.removeprefix("header."): value for name, value in values.items() if name.startswith("header.")
    }
    path, method = PLACES[link["operationId"]]
    query = {name: value for name, value in values.items() if name not in (*_names(path), "header.If-Match")}
    url = f"{path.format(**values)}?{urlencode(query)}"
    body = BODIES.get(link["operationId"])
    if body is None:
        return api.send(method.upper(), url, b"", "", **headers)
    return api.send(method.upper(), url, json.dumps(body).encode(), "application/json", **headers)


def _value(expression: str, asked: dict[str, str], created: HttpResponse) -> str:
    """OpenAPI's runtime expressions, those that are used."""
    kind, _, name = re.split(r"(\.path\.|\.body#/|\.header\.)", expression)
    if kind == "$request":
        return asked[name]
    return str(created.headers[name] if "header" in expression else document(created, 201)[name])


def _names(path: str) -> list[str]:
    return re.findall(r"{(\w+)}", path)
