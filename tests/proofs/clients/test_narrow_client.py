"""The narrow client: cron only, always with a display name."""

import pytest

from tests.proofs.clients.checks import Checks
from tests.proofs.clients.examples import CRON_EXAMPLES, REFUSED_CRON, named

pytestmark = [pytest.mark.processes, pytest.mark.clients]


@pytest.fixture
def client_name() -> str:
    """Only this one."""
    return "narrow"


@pytest.mark.parametrize("name", CRON_EXAMPLES)
def test_an_example_is_created(checks: Checks, name: str) -> None:
    checks.assert_created(name, named(CRON_EXAMPLES)[name])


@pytest.mark.parametrize("name", REFUSED_CRON)
def test_a_refused_expression_is_a_typed_error(checks: Checks, name: str) -> None:
    error = checks.error(f"refuse {name}")

    assert (error["status"], error["data"]["error"]["code"]) == (400, "invalid_expression")
    assert "Valid example" in error["data"]["error"]["message"]


def test_a_schedule_is_renamed_and_its_cadence_stays(checks: Checks) -> None:
    before, renamed = checks.answer("retrieve"), checks.answer("rename")

    assert (before["display_name"], renamed["display_name"]) == ("Example daily_cron", "Renamed")
    assert renamed["generation"] == before["generation"] == 1


def test_a_schedule_tells_who_changed_it_once_it_was_changed(checks: Checks) -> None:
    before, renamed = checks.answer("retrieve"), checks.answer("rename")

    assert "updated_by_id" not in before
    assert renamed["updated_by_id"] == before["created_by_id"]


def test_a_schedule_without_a_name_is_understood(checks: Checks) -> None:
    assert "display_name" not in checks.answer("retrieve an interval")
