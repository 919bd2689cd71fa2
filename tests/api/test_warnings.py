"""Warnings in the answers of create, update and preview: additive, and only where there is one."""

from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from schedules.api import examples
from schedules.models import Agent
from tests.api.caller import DOCUMENT, Caller, assert_error, document, schedule_path, schedules_path
from tests.factories import make_schedule

FOREIGN: dict[str, Any] = {"type": "cron", "expression": "0 2 * * ? *"}
PLAIN: dict[str, Any] = {"type": "cron", "expression": "0 0 2 * * *"}
PAYLOAD = {"payload": {"input": "Hello"}}
PREVIEW = "/v3/schedules/preview"


def test_create_accepts_what_the_contract_says_and_names_what_was_probably_meant(
    api: Caller, agent: Agent
) -> None:
    created = document(api.post(schedules_path(agent), FOREIGN | PAYLOAD), 201)

    assert set(created) == DOCUMENT | {"warnings"}
    assert created["expression"] == "0 2 * * ? *"
    assert created["next_fire_at"][13:] == ":02:00Z"
    assert created["warnings"] == [examples.WARNING]


def test_a_warning_without_a_suggestion_has_none(api: Caller, agent: Agent) -> None:
    new = {"type": "cron", "expression": "0 0 9 13 * fri"} | PAYLOAD

    [warning] = document(api.post(schedules_path(agent), new), 201)["warnings"]

    assert set(warning) == {"code", "message"}
    assert warning["code"] == "either_day"


def test_update_warns_of_the_expression_the_schedule_has_now(api: Caller, agent: Agent) -> None:
    schedule = make_schedule(agent)

    warned = document(api.patch(schedule_path(schedule), FOREIGN))
    renamed = document(api.patch(schedule_path(schedule), {"display_name": "x"}))
    mended = document(api.patch(schedule_path(schedule), PLAIN))

    assert warned["warnings"] == renamed["warnings"] == [examples.WARNING]
    assert "warnings" not in mended


def test_both_previews_warn(api: Caller, agent: Agent) -> None:
    schedule = make_schedule(agent, **FOREIGN)

    unsaved = document(api.post(PREVIEW, FOREIGN | {"limit": 2}))
    saved = document(api.get(f"{schedule_path(schedule)}/preview"))

    assert unsaved["warnings"] == saved["warnings"] == [examples.WARNING]
    assert unsaved["description"] == "every hour at minute 2, second 0 UTC"
    assert [fire_time[13:] for fire_time in unsaved["fire_times"]] == [":02:00Z"] * 2


def test_retrieve_and_list_never_warn(api: Caller, agent: Agent) -> None:
    schedule = make_schedule(agent, **FOREIGN)

    retrieved = document(api.get(schedule_path(schedule)))
    [listed] = document(api.get(schedules_path(agent)))["schedules"]

    assert "warnings" not in retrieved
    assert listed == retrieved


@pytest.mark.parametrize("path", [PREVIEW, None])
def test_what_has_no_warning_has_no_list_of_them(api: Caller, agent: Agent, path: str | None) -> None:
    answer = api.post(path, PLAIN) if path else api.post(schedules_path(agent), PLAIN | PAYLOAD)

    assert "warnings" not in document(answer, 200 if path else 201)


def test_a_repeated_create_repeats_its_warnings(api: Caller, agent: Agent) -> None:
    def create() -> Any:
        raw = f'{{"type": "cron", "expression": "{FOREIGN["expression"]}", "payload": {{"input": "x"}}}}'
        key = {"Idempotency-Key": "once"}
        return document(api.send("POST", schedules_path(agent), raw.encode(), "application/json", **key), 201)

    assert create() == create()


def test_answers_with_warnings_are_as_described(api: Caller, agent: Agent) -> None:
    described = document(api.get("/openapi.json"))
    created = document(api.post(schedules_path(agent), FOREIGN | PAYLOAD), 201)
    previewed = document(api.post(PREVIEW, FOREIGN))

    for name, answer in (("PublicScheduleSaved", created), ("PublicPreview", previewed)):
        schema = {"$ref": f"#/components/schemas/{name}", "components": described["components"]}
        jsonschema.validate(answer, schema)
    assert "warnings" not in described["components"]["schemas"]["PublicSchedule"]["properties"]
    jsonschema.validate(examples.WARNING, described["components"]["schemas"]["PublicExpressionWarning"])


@pytest.mark.parametrize(
    ("refused", "meant"), [("30 9 * * 1-5", "0 30 9 * * 1-5"), ("0 0 9 * * 7", "0 0 9 * * 0")]
)
def test_a_refusal_names_what_was_meant(api: Caller, agent: Agent, refused: str, meant: str) -> None:
    body = {"type": "cron", "expression": refused}

    for answer in (api.post(PREVIEW, body), api.post(schedules_path(agent), body | PAYLOAD)):
        message = assert_error(answer, 400, "invalid_expression", "expression")
        assert f"did you mean {meant}?" in message
