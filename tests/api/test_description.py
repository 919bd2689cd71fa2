"""/openapi.json and /docs: the API describes itself to everybody, and says of itself what is true."""

import re
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from schedules.api import examples
from schedules.models import RunState, Schedule, Scope
from tests.api.caller import CLIENT, Caller, document, run_path, schedule_path, schedules_path
from tests.factories import NOON, make_run, make_token

OPERATIONS = {
    ("/v3/agents", "get"): "list-agents",
    ("/v3/agents", "post"): "create-agent",
    ("/v3/agents/{agent_key}", "get"): "retrieve-agent",
    ("/v3/agents/{agent_key}", "patch"): "update-agent",
    ("/v3/agents/{agent_key}", "delete"): "delete-agent",
    ("/v3/agents/{agent_key}/schedules", "get"): "list-agent-schedules",
    ("/v3/agents/{agent_key}/schedules", "post"): "create-agent-schedule",
    ("/v3/agents/{agent_key}/schedules/{schedule_id}", "get"): "retrieve-agent-schedule",
    ("/v3/agents/{agent_key}/schedules/{schedule_id}", "patch"): "update-agent-schedule",
    ("/v3/agents/{agent_key}/schedules/{schedule_id}", "delete"): "delete-agent-schedule",
    ("/v3/agents/{agent_key}/schedules/{schedule_id}/execution", "post"): "trigger-agent-schedule",
    ("/v3/agents/{agent_key}/schedules/{schedule_id}/runs", "get"): "list-agent-schedule-runs",
    ("/v3/agents/{agent_key}/schedules/{schedule_id}/runs/{run_id}", "get"): "retrieve-agent-schedule-run",
    (
        "/v3/agents/{agent_key}/schedules/{schedule_id}/runs/{run_id}/cancel",
        "post",
    ): "cancel-agent-schedule-run",
    (
        "/v3/agents/{agent_key}/schedules/{schedule_id}/runs/{run_id}/retry",
        "post",
    ): "retry-agent-schedule-run",
    ("/v3/agents/{agent_key}/schedules/{schedule_id}/preview", "get"): "preview-agent-schedule",
    ("/v3/agents/{agent_key}/schedules/{schedule_id}/explain", "get"): "explain-agent-schedule",
    ("/v3/agents/{agent_key}/schedules/{schedule_id}/pause", "post"): "pause-agent-schedule",
    ("/v3/agents/{agent_key}/schedules/{schedule_id}/resume", "post"): "resume-agent-schedule",
    ("/v3/agents/{agent_key}/pause", "post"): "pause-agent",
    ("/v3/agents/{agent_key}/resume", "post"): "resume-agent",
    ("/v3/agents/{agent_key}/stats", "get"): "retrieve-agent-statistics",
    ("/v3/workspace", "get"): "retrieve-workspace",
    ("/v3/workspace/pause", "post"): "pause-workspace",
    ("/v3/workspace/resume", "post"): "resume-workspace",
    ("/v3/keys", "get"): "list-api-keys",
    ("/v3/keys", "post"): "create-api-key",
    ("/v3/keys/{key_id}", "get"): "retrieve-api-key",
    ("/v3/keys/{key_id}", "delete"): "revoke-api-key",
    ("/v3/keys/{key_id}/rotation", "post"): "rotate-api-key",
    ("/v3/incidents", "get"): "list-incidents",
    ("/v3/incidents/{incident_id}", "get"): "retrieve-incident",
    ("/v3/incidents/{incident_id}/acknowledge", "post"): "acknowledge-incident",
    ("/v3/alert-rules", "get"): "list-alert-rules",
    ("/v3/alert-rules/{rule}", "patch"): "change-alert-rule",
    ("/v3/alert-rules/{rule}", "delete"): "reset-alert-rule",
    ("/v3/webhooks", "get"): "list-webhooks",
    ("/v3/webhooks", "post"): "create-webhook",
    ("/v3/webhooks/{webhook_id}", "get"): "retrieve-webhook",
    ("/v3/webhooks/{webhook_id}", "patch"): "update-webhook",
    ("/v3/webhooks/{webhook_id}", "delete"): "delete-webhook",
    ("/v3/webhooks/{webhook_id}/test", "post"): "test-webhook",
    ("/v3/webhooks/{webhook_id}/rotate-secret", "post"): "rotate-webhook-secret",
    ("/v3/deliveries", "get"): "list-deliveries",
    ("/v3/deliveries/replay", "post"): "replay-deliveries",
    ("/v3/deliveries/{delivery_id}", "get"): "retrieve-delivery",
    ("/v3/deliveries/{delivery_id}/replay", "post"): "replay-delivery",
    ("/v3/journal", "get"): "list-journal",
    ("/v3/overview", "get"): "retrieve-overview",
    ("/v3/schedules", "get"): "list-schedules",
    ("/v3/runs", "get"): "list-runs",
    ("/v3/schedules/preview", "post"): "preview-schedule-expression",
}


@pytest.fixture
def described(nobody: Caller) -> Any:
    """The OpenAPI document, asked for without a key."""
    return document(nobody.get("/openapi.json"))


def _schema(described: Any, name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}", "components": described["components"]}


def test_every_operation_is_described_and_no_other(described: Any) -> None:
    operations = {
        (path, method): operation["operationId"]
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }

    assert described["openapi"] == "3.1.0"
    assert operations == OPERATIONS


def test_the_document_is_valid_openapi(described: Any) -> None:
    assert list(OpenAPIV31SpecValidator(described).iter_errors()) == []


def test_it_names_the_server_that_answers_and_the_licence(described: Any) -> None:
    assert described["servers"] == [{"url": "/"}]
    assert described["info"]["license"] == {"name": "MIT", "identifier": "MIT"}


@pytest.mark.parametrize("operation", ["update-agent-schedule", "delete-agent-schedule"])
def test_if_match_has_a_pattern_that_takes_what_clients_have(
    described: Any, api: Caller, operation: str, schedule: Schedule
) -> None:
    (pattern,) = (
        parameter["schema"]["pattern"]
        for methods in described["paths"].values()
        for each in methods.values()
        if each["operationId"] == operation
        for parameter in each["parameters"]
        if parameter["name"] == "If-Match"
    )
    tag = api.get(schedule_path(schedule)).headers["ETag"]

    assert all(re.search(pattern, sent) for sent in ("*", tag, f"W/{tag}", f'{tag}, "another"'))
    assert not any(re.search(pattern, sent) for sent in ("", tag.strip('"'), f"{tag} {tag}", f"{tag},", "**"))


def test_every_operation_has_a_tag_a_summary_and_a_key(described: Any) -> None:
    for methods in described["paths"].values():
        for operation in methods.values():
            assert operation["tags"] == ["Agent Schedules"]
            assert operation["summary"]
            assert operation["description"]
            assert operation["security"] == [{"ApiKey": []}]
    assert described["components"]["securitySchemes"]["ApiKey"]["scheme"] == "bearer"


def test_only_bodies_that_are_read_are_described(described: Any) -> None:
    with_body = {
        operation["operationId"]: list(operation["requestBody"]["content"])
        for methods in described["paths"].values()
        for operation in methods.values()
        if "requestBody" in operation
    }

    assert with_body == {
        "create-agent": ["application/json"],
        "update-agent": ["application/json"],
        "create-agent-schedule": ["application/json"],
        "update-agent-schedule": ["application/json"],
        "create-api-key": ["application/json"],
        "rotate-api-key": ["application/json"],
        "acknowledge-incident": ["application/json"],
        "change-alert-rule": ["application/json"],
        "create-webhook": ["application/json"],
        "update-webhook": ["application/json"],
        "replay-deliveries": ["application/json"],
        "preview-schedule-expression": ["application/json"],
        "pause-agent-schedule": ["application/json"],
        "pause-agent": ["application/json"],
        "pause-workspace": ["application/json"],
    }


@pytest.mark.parametrize(
    ("operation_id", "statuses"),
    [
        ("list-agents", {"200", "400", "401", "429", "500", "503"}),
        ("create-agent", {"201", "400", "401", "403", "409", "413", "415", "429", "500", "503"}),
        ("pause-agent-schedule", {"200", "400", "401", "403", "404", "413", "415", "429", "500", "503"}),
        ("resume-agent-schedule", {"200", "400", "401", "403", "404", "413", "429", "500", "503"}),
        ("pause-agent", {"200", "400", "401", "403", "404", "413", "415", "429", "500", "503"}),
        ("resume-agent", {"200", "400", "401", "403", "404", "413", "429", "500", "503"}),
        ("retrieve-agent-statistics", {"200", "400", "401", "404", "429", "500", "503"}),
        ("retrieve-workspace", {"200", "401", "429", "500", "503"}),
        ("pause-workspace", {"200", "400", "401", "403", "413", "415", "429", "500", "503"}),
        ("resume-workspace", {"200", "400", "401", "403", "413", "429", "500", "503"}),
        ("retrieve-agent", {"200", "401", "404", "429", "500", "503"}),
        ("update-agent", {"200", "400", "401", "403", "404", "413", "415", "429", "500", "503"}),
        ("delete-agent", {"204", "401", "403", "404", "429", "500", "503"}),
        ("list-agent-schedules", {"200", "400", "401", "404", "429", "500", "503"}),
        (
            "create-agent-schedule",
            {"201", "400", "401", "403", "404", "409", "413", "415", "429", "500", "503"},
        ),
        ("retrieve-agent-schedule", {"200", "401", "404", "429", "500", "503"}),
        (
            "update-agent-schedule",
            {"200", "400", "401", "403", "404", "412", "413", "415", "429", "500", "503"},
        ),
        ("delete-agent-schedule", {"204", "400", "401", "403", "404", "412", "429", "500", "503"}),
        ("trigger-agent-schedule", {"202", "400", "401", "403", "404", "409", "413", "429", "500", "503"}),
        ("list-agent-schedule-runs", {"200", "400", "401", "404", "429", "500", "503"}),
        ("retrieve-agent-schedule-run", {"200", "401", "404", "429", "500", "503"}),
        ("preview-agent-schedule", {"200", "400", "401", "404", "429", "500", "503"}),
        ("explain-agent-schedule", {"200", "400", "401", "404", "429", "500", "503"}),
        ("preview-schedule-expression", {"200", "400", "401", "413", "415", "429", "500", "503"}),
        ("retrieve-overview", {"200", "401", "429", "500", "503"}),
        ("list-schedules", {"200", "400", "401", "404", "429", "500", "503"}),
        ("list-runs", {"200", "400", "401", "404", "429", "500", "503"}),
        ("list-journal", {"200", "400", "401", "429", "500", "503"}),
        ("list-webhooks", {"200", "400", "401", "403", "429", "500", "503"}),
        ("list-incidents", {"200", "400", "401", "404", "429", "500", "503"}),
        ("acknowledge-incident", {"200", "400", "401", "403", "404", "413", "415", "429", "500", "503"}),
        ("change-alert-rule", {"200", "400", "401", "403", "404", "413", "415", "429", "500", "503"}),
        ("create-webhook", {"201", "400", "401", "403", "413", "415", "429", "500", "503"}),
        ("update-webhook", {"200", "400", "401", "403", "404", "413", "415", "429", "500", "503"}),
        ("test-webhook", {"202", "400", "401", "403", "404", "413", "429", "500", "503"}),
        ("list-deliveries", {"200", "400", "401", "429", "500", "503"}),
        ("replay-delivery", {"202", "400", "401", "403", "404", "413", "429", "500", "503"}),
        ("replay-deliveries", {"202", "400", "401", "403", "413", "415", "429", "500", "503"}),
        ("cancel-agent-schedule-run", {"200", "400", "401", "403", "404", "429", "500", "503"}),
        ("retry-agent-schedule-run", {"202", "400", "401", "403", "404", "409", "413", "429", "500", "503"}),
    ],
)
def test_every_answer_is_described(described: Any, operation_id: str, statuses: set[str]) -> None:
    (responses,) = [
        operation["responses"]
        for methods in described["paths"].values()
        for operation in methods.values()
        if operation["operationId"] == operation_id
    ]

    assert set(responses) == statuses


def test_no_schema_with_properties_is_open(described: Any) -> None:
    schemas = described["components"]["schemas"]

    assert {"PublicSchedule", "PublicSchedulePayload", "PublicScheduleErrorDetail"} <= set(schemas)
    assert all(schema["additionalProperties"] is False for schema in schemas.values())


def test_the_required_fields_are_the_contracts(described: Any) -> None:
    schemas = described["components"]["schemas"]

    assert set(schemas["CreateScheduleRequest"]["required"]) == {"type", "expression", "payload"}
    assert "required" not in schemas["UpdateScheduleRequest"]
    assert set(schemas["PublicSchedule"]["properties"]) - set(schemas["PublicSchedule"]["required"]) == {
        "agent_tag",
        "display_name",
        "last_triggered_at",
        "updated_by_id",
        "next_fire_at",
        "pause",
    }
    assert "required" not in schemas["PublicSchedulePayload"]


def test_real_answers_are_as_described(
    described: Any, api: Caller, nobody: Caller, schedule: Schedule
) -> None:
    run = make_run(
        schedule,
        state=RunState.FAILED,
        started_at=NOON,
        finished_at=NOON,
        error_code="x",
        usage={"total_tokens": 1},
    )
    admin = Caller(make_token(schedule.workspace, Scope.ADMIN))
    made = admin.post("/v3/agents", {"key": "new", "base_url": "https://host", "active_tag": "v1"})
    issued = admin.post("/v3/webhooks", examples.NEW_WEBHOOK)
    answers = {
        "PublicAgent": made,
        "PublicAgentList": api.get("/v3/agents"),
        "PublicAgentStatistics": api.get(f"/v3/agents/{schedule.agent.key}/stats"),
        "PublicSchedule": api.patch(schedule_path(schedule), {"agent_tag": "v1", "display_name": "x"}),
        "PublicScheduleList": api.get(schedules_path(schedule.agent)),
        "PublicRun": api.get(run_path(run)),
        "PublicRunList": api.get(f"{schedule_path(schedule)}/runs"),
        "PublicSchedulePreview": api.get(f"{schedule_path(schedule)}/preview"),
        "PublicPreview": api.post("/v3/schedules/preview", examples.TO_PREVIEW),
        "PublicExplanation": api.get(f"{schedule_path(schedule)}/explain?at=2026-06-01T09:00:00Z"),
        "PublicJournal": api.get("/v3/journal"),
        "IssuedWebhook": issued,
        "PublicWebhook": admin.get(f"/v3/webhooks/{document(issued, 201)['_id']}"),
        "PublicWebhookList": admin.get("/v3/webhooks"),
        "PublicDeliveryWithBody": admin.post(f"/v3/webhooks/{document(issued, 201)['_id']}/test"),
        "PublicDeliveryList": api.get("/v3/deliveries"),
        "PublicReplay": api.post("/v3/deliveries/replay", {}),
        "PublicScheduleTriggered": api.post(f"{schedule_path(schedule)}/execution"),
        "PublicScheduleError": api.get(f"{schedules_path(schedule.agent)}/x"),
        "PublicScheduleUnauthenticated": nobody.get(schedules_path(schedule.agent)),
    }

    for name, answer in answers.items():
        jsonschema.validate(answer.json(), _schema(described, name))  # type: ignore[attr-defined]


def test_the_examples_are_as_described(described: Any) -> None:
    jsonschema.validate(examples.SCHEDULE, _schema(described, "PublicSchedule"))
    jsonschema.validate(examples.NEW_SCHEDULE, _schema(described, "CreateScheduleRequest"))
    jsonschema.validate(examples.AGENT, _schema(described, "PublicAgent"))
    jsonschema.validate(examples.NEW_AGENT, _schema(described, "CreateAgentRequest"))
    jsonschema.validate(examples.STATISTICS, _schema(described, "PublicAgentStatistics"))
    jsonschema.validate(examples.WEBHOOK, _schema(described, "PublicWebhook"))
    jsonschema.validate(examples.NEW_WEBHOOK, _schema(described, "CreateWebhookRequest"))
    jsonschema.validate(examples.DELIVERY, _schema(described, "PublicDelivery"))
    jsonschema.validate(examples.DELIVERY_WITH_BODY, _schema(described, "PublicDeliveryWithBody"))
    jsonschema.validate(examples.TEST_DELIVERY, _schema(described, "PublicDeliveryWithBody"))
    jsonschema.validate(examples.RUN, _schema(described, "PublicRun"))
    jsonschema.validate(examples.PREVIEW, _schema(described, "PublicPreview"))
    jsonschema.validate(examples.TO_PREVIEW, _schema(described, "PreviewRequest"))
    jsonschema.validate(examples.EXPLANATION, _schema(described, "PublicExplanation"))
    jsonschema.validate(examples.JOURNAL_LINE, _schema(described, "PublicJournalLine"))
    create = described["paths"]["/v3/agents/{agent_key}/schedules"]["post"]
    assert create["requestBody"]["content"]["application/json"]["examples"]
    assert all("examples" in answer["content"]["application/json"] for answer in create["responses"].values())


@pytest.mark.parametrize("path", ["/docs", "/docs/errors"])
def test_the_pages_need_no_key_and_no_other_site(nobody: Caller, path: str) -> None:
    page = nobody.get(path)

    assert page.status_code == 200
    html = page.content.decode()
    assert "/openapi.json" in html
    assert "://" not in html
    files = re.findall(r'(?:<script src|<link[^>]* href|<img src)="([^"]+)"', html)
    assert len(files) >= 2
    for file in files:
        assert file.startswith("/static/"), file
        assert CLIENT.get(file).status_code == 200


def test_what_is_copied_from_the_page_holds_nothing_of_the_readers_session(nobody: Caller) -> None:
    html = nobody.get("/docs").content.decode()
    script = b"".join(CLIENT.get("/static/documentation/documentation.js")).decode()

    assert not re.search(r"csrf|token|interceptor", html + script, re.IGNORECASE)
    assert "validatorUrl: null" in script  # else the page asks another site whether it is valid
