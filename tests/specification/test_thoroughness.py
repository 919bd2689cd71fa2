"""Every operation is described thoroughly: in words, with examples that are true to their schemas."""

import re
from collections.abc import Iterator
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from schedules.api.error_codes import ERRORS

SHORTEST = 12
"""Characters of a description; less says nothing."""


def _is_described(value: dict[str, Any]) -> bool:
    return len(value.get("description", "")) >= SHORTEST


def _examples(operations: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Where each example stands, its schema and its value."""
    for name, operation in operations.items():
        parts = {"request": operation.get("requestBody", {}), **operation["responses"]}
        for part, described in parts.items():
            for media in described.get("content", {}).values():
                for label, example in media.get("examples", {}).items():
                    yield f"{name} {part} {label}", media["schema"], example["value"]


def test_operations_parameters_and_answers_are_described_in_words(operations: dict[str, Any]) -> None:
    for name, operation in operations.items():
        assert _is_described(operation), name
        for parameter in operation.get("parameters", ()):
            assert _is_described(parameter), (name, parameter["name"])
        for status, answer in operation["responses"].items():
            assert _is_described(answer), (name, status)
            assert all(_is_described(header) for header in answer.get("headers", {}).values()), (name, status)


def test_schemas_and_their_properties_are_described_in_words(described: Any) -> None:
    silent = [
        f"{name}.{field}"
        for name, schema in described["components"]["schemas"].items()
        for field, value in {"": schema, **schema.get("properties", {})}.items()
        if not _is_described(value) and "$ref" not in value
    ]

    assert not silent


def test_every_body_and_every_answer_with_one_has_an_example(operations: dict[str, Any]) -> None:
    shown = {place.rsplit(" ", 1)[0] for place, _, _ in _examples(operations)}
    with_body = {
        f"{name} {status}"
        for name, operation in operations.items()
        for status, answer in operation["responses"].items()
        if "content" in answer
    }
    requests = {f"{name} request" for name, operation in operations.items() if "requestBody" in operation}

    assert shown == with_body | requests


def test_every_example_is_true_to_its_schema(described: Any, operations: dict[str, Any]) -> None:
    for place, schema, value in _examples(operations):
        try:
            jsonschema.validate(value, schema | {"components": described["components"]})
        except jsonschema.ValidationError as error:
            pytest.fail(f"{place}: {error.message}")


def test_an_error_is_shown_for_every_code_it_may_have(operations: dict[str, Any]) -> None:
    for name, operation in operations.items():
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                codes = set(re.findall(r"`(\w+)`: ", answer["description"]))
                examples = answer["content"]["application/json"]["examples"].values()

                assert codes == {example["value"]["error"]["code"] for example in examples}, name
                assert {ERRORS[code].status for code in codes} == {int(status)}, name


def test_a_body_that_is_described_must_be_sent(operations: dict[str, Any]) -> None:
    bodies = {name: each["requestBody"] for name, each in operations.items() if "requestBody" in each}

    assert {"create-agent-schedule", "update-agent-schedule"} <= set(bodies)
    pauses = {"pause-agent", "pause-agent-schedule", "pause-workspace"}
    assert {name for name, body in bodies.items() if body["required"] is not True} == {
        "acknowledge-incident",
        "rotate-api-key",
        *pauses,
    }


def test_every_reference_leads_somewhere(described: Any) -> None:
    names = set(re.findall(r"#/components/schemas/(\w+)", str(described)))

    assert names <= set(described["components"]["schemas"])


def test_no_schema_is_left_over(described: Any) -> None:
    names = set(re.findall(r"#/components/schemas/(\w+)", str(described)))

    assert set(described["components"]["schemas"]) <= names


def test_no_other_site_is_needed(described: Any) -> None:
    named = re.findall(r"https?://[^\s\"'`]+", str(described))

    examples = {"https://agents.example.org", "https://hooks.example.org/agent-schedules"}
    assert set(named) <= examples, "an agent's address and an endpoint's"
