"""The requests of the page about the API, carried out in its order, get the answers it shows."""

import json
import re
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from schedules.api.error_codes import ERRORS
from tests.docs import shell
from tests.docs.pages import blocks, section, tables, text_of

pytestmark = pytest.mark.django_db

PAGE = "docs/api.md"
API = text_of(PAGE)
SAMPLE_ID = "01KPN29WWKSK0VDPJNTKZPVNRB"
SERVER = "http://127.0.0.1:8000"


@dataclass
class Answer:
    """What a request got."""

    status: int
    body: Any


@dataclass
class Reader:
    """Somebody who types the page's commands one after the other."""

    variables: dict[str, str] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)

    def type(self, command: str) -> None:
        """Carry out one command."""
        match shell.words(command, self.variables, self.manage):
            case ["python3", "manage.py", *_]:
                self.manage(command)
            case ["export", assignment]:
                name, _, value = assignment.partition("=")
                self.variables[name] = value.replace(SAMPLE_ID, self.first_id())
            case ["curl", *words]:
                self.answers.append(self.curl(words))
            case other:
                raise AssertionError(f"nobody can type {other}")

    def manage(self, command: str) -> str:
        """What a command of manage.py prints."""
        program, file, *words = shell.words(command, self.variables, self.manage)
        assert (program, file) == ("python3", "manage.py")
        printed = StringIO()
        call_command(*words, stdout=printed)
        return printed.getvalue()

    def curl(self, words: list[str]) -> Answer:
        """One request, by the few options of curl the page uses."""
        options: dict[str, list[str]] = {"-X": [], "-H": [], "-d": [], "url": []}
        remaining = iter(words)
        for word in remaining:
            options.get(word, options["url"]).append(next(remaining) if word in options else word)
        [url] = options["url"]
        headers = dict(header.split(": ", 1) for header in options["-H"])
        response = Client().generic(
            options["-X"][0] if options["-X"] else "GET",
            url.removeprefix(SERVER),
            options["-d"][0] if options["-d"] else "",
            content_type=headers.pop("Content-Type", ""),
            headers=headers,
        )
        return Answer(response.status_code, json.loads(response.content or "null"))

    def first_id(self) -> str:
        """The `_id` of what was created first; before that, the page's."""
        return next((answer.body["_id"] for answer in self.answers if answer.status == 201), SAMPLE_ID)


@pytest.fixture
def reader() -> Reader:
    """Somebody who has typed everything."""
    reader = Reader()
    for block in blocks(section(PAGE, "A walk through"), "bash"):
        for command in shell.commands(block):
            reader.type(command)
    return reader


def test_every_request_succeeds(reader: Reader) -> None:
    assert [answer.status for answer in reader.answers] == [201] * 3 + [
        200,
        200,
        202,
        200,
        200,
        200,
        200,
        200,
        204,
    ]


def test_the_created_schedule_looks_as_shown(reader: Reader) -> None:
    shown = json.loads(blocks(API, "json")[0])

    created = reader.answers[0].body

    assert list(created) == list(shown)
    of_the_moment = {"_id", "workspace_id", "created_by_id", "created", "updated", "next_fire_at"}
    assert {name: created[name] for name in created if name not in of_the_moment} == {
        name: shown[name] for name in shown if name not in of_the_moment
    }


def test_a_run_now_is_in_the_list_of_runs(reader: Reader) -> None:
    [run] = reader.answers[6].body["runs"]

    assert (run["trigger"], run["state"]) == ("manual", "pending")


def test_an_error_looks_as_shown(reader: Reader) -> None:
    refused = reader.curl(
        [
            *("-X", "POST", reader.variables["SCHEDULES"], "-H", "Content-Type: application/json"),
            *("-H", f"Authorization: Bearer {reader.variables['ORQ_API_KEY']}"),
            *("-d", '{"type": "cron", "expression": "0 * 9 * * *", "payload": {"input": ""}}'),
        ]
    )

    assert refused == Answer(400, json.loads(blocks(API, "json")[1]))


def test_what_is_stricter_than_the_public_api_is_what_it_says(reader: Reader) -> None:
    [(difference, _)] = [rows[0] for rows in tables(section(PAGE, "Compatibility")) if len(rows[0]) == 2]
    schedules, key = (reader.variables[name] for name in ("SCHEDULES", "ORQ_API_KEY"))
    headers = ("-H", "Content-Type: application/json", "-H", f"Authorization: Bearer {key}")
    new = '{"type": "cron", "expression": "0 0 9 * * *", "payload": {}}'

    refused = reader.curl(["-X", "POST", schedules, *headers, "-d", new])

    assert "`payload.input` is required" in difference
    assert (refused.status, refused.body["error"]["param"]) == (400, "payload.input")
    assert str(refused.status) in difference


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/docs/errors", "/healthz", "/readyz"])
def test_the_paths_beside_the_api_answer(path: str) -> None:
    assert f"`{path}`" in API
    assert Client().get(path).status_code == 200


def test_every_operation_of_the_specification_is_listed_and_no_other() -> None:
    described = Client().get("/openapi.json").json()["paths"]
    rows = [*tables(section(PAGE, "Operations"))[0]]
    rows += tables(section(PAGE, "Operations beyond the public API"))[0]

    assert {_short(row[0]) for row in rows} == {
        _short(f"{method.upper()} {path}") for path, methods in described.items() for method in methods
    }


def _short(operation: str) -> str:
    """Without what the table of our additions leaves out of a path."""
    operation = re.sub(r"\?.*", "", operation).replace("{schedule_id}", "{id}")
    return re.sub(r" (…|/v3/agents/\{agent_key\})(/schedules/\{id\}(?=/runs/))?", " ", operation)


def test_every_error_code_stands_beside_its_status() -> None:
    [rows] = tables(section(PAGE, "Errors"))

    listed = {(int(status), code) for status, codes in rows for code in re.findall(r"\w+", codes)}
    assert listed == {(error.status, code) for code, error in ERRORS.items()}
