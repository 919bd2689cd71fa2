"""The wide client: all three types, every documented example."""

import json

import pytest

from tests.proofs.clients.checks import Checks
from tests.proofs.clients.examples import CRON_EXAMPLES, OTHER_EXAMPLES, REFUSED_CRON, REFUSED_OTHERS

pytestmark = [pytest.mark.processes, pytest.mark.clients]


@pytest.fixture
def client_name() -> str:
    """Only this one."""
    return "wide"


@pytest.mark.parametrize("name", CRON_EXAMPLES | OTHER_EXAMPLES)
def test_an_example_is_created(checks: Checks, name: str) -> None:
    checks.assert_created(name, (CRON_EXAMPLES | OTHER_EXAMPLES)[name])


def test_a_schedule_tells_its_workspace(checks: Checks) -> None:
    (workspace_id,) = {schedule["workspace_id"] for schedule in checks.created()}

    assert len(workspace_id) == 36


@pytest.mark.parametrize("name", REFUSED_CRON | REFUSED_OTHERS)
def test_a_refused_expression_is_a_typed_error(checks: Checks, name: str) -> None:
    error = checks.error(f"refuse {name}")

    assert (error["status"], error["data"]["error"]["code"]) == (400, "invalid_expression")
    assert "Valid example" in error["data"]["error"]["message"]


@pytest.mark.parametrize(
    ("check", "type_", "expression", "generation"),
    [
        ("change an interval", "interval", "@every 6h", 2),
        ("change to once", "once", "@at 2099-05-01T09:00:00Z", 3),
        ("change to cron", "cron", "@daily", 4),
        ("change to an interval", "interval", "@every 1h", 5),
    ],
)
def test_a_schedule_changes_its_type(
    checks: Checks, check: str, type_: str, expression: str, generation: int
) -> None:
    changed = checks.answer(check)

    assert (changed["type"], changed["expression"], changed["generation"]) == (type_, expression, generation)


def test_a_once_that_has_fired_is_not_reactivated(checks: Checks) -> None:
    error = checks.error("refuse to reactivate a once that has fired")

    assert (error["status"], json.loads(error["body"])["error"]["code"]) == (400, "invalid_expression")
