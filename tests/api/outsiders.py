"""May an outsider? Asked of every operation: the answer is the contract's, and nothing has changed."""

from typing import Any

from schedules.models import Schedule
from tests.api.caller import Caller, assert_error, everything, schedule_path
from tests.factories import make_agent


def assert_only_for_its_workspace(
    call: tuple[str, str, Any], *, nobody: Caller, elsewhere: Caller, missing: str = "schedule_not_found"
) -> None:
    """`call`: method, path and body of a call that the workspace's own key may make."""
    before = everything()

    assert_error(nobody.call(*call), 401, "authentication_required")
    assert_error(elsewhere.call(*call), 404, missing)

    assert everything() == before


def assert_not_for_readers(call: tuple[str, str, Any], reader: Caller) -> None:
    """A key of the scope read may not make the call."""
    before = everything()

    assert_error(reader.call(*call), 403, "insufficient_scope")

    assert everything() == before


def assert_not_under_another_agent(call: tuple[str, str, Any], schedule: Schedule, *callers: Caller) -> None:
    """The path with another agent of the same workspace, or with none at all, leads nowhere."""
    make_agent(schedule.workspace, key="other")
    before = everything()
    method, path, body = call

    for agent_key in ("other", "unknown"):
        elsewhere = path.replace(schedule_path(schedule), f"/v3/agents/{agent_key}/schedules/{schedule.id}")
        assert elsewhere != path
        for caller in callers:
            assert_error(caller.call(method, elsewhere, body), 404, "schedule_not_found")

    assert everything() == before
