"""trigger-agent-schedule."""

from datetime import timedelta

import pytest
import redis
from django.http import HttpResponse

from schedules import editing
from schedules.database.clock import database_now
from schedules.messages import dispatch
from schedules.models import Run, RunState, Schedule, Scope, TriggerKind
from tests.api.caller import Caller, assert_error, document, everything, schedule_path
from tests.api.outsiders import (
    assert_not_for_readers,
    assert_not_under_another_agent,
    assert_only_for_its_workspace,
)
from tests.factories import NOON, make_agent, make_schedule, make_token
from tests.messages import queued


def test_a_trigger_is_one_run_ten_seconds_later(api: Caller, schedule: Schedule) -> None:
    before = database_now()

    response = api.post(f"{schedule_path(schedule)}/execution")

    assert document(response, 202) == {"status": "triggered", "schedule_id": schedule.id}
    run = Run.objects.get()
    assert (run.schedule_id, run.generation) == (schedule.id, 1)
    assert (run.trigger, run.state, run.fire_time) == (TriggerKind.MANUAL, RunState.PENDING, None)
    assert before + timedelta(seconds=10) <= run.not_before <= database_now() + timedelta(seconds=10)


def test_a_trigger_leaves_the_schedule_alone(api: Caller, schedule: Schedule) -> None:
    before = document(api.get(schedule_path(schedule)))

    api.post(f"{schedule_path(schedule)}/execution")

    assert document(api.get(schedule_path(schedule))) == before


def test_two_triggers_are_two_runs(api: Caller, schedule: Schedule) -> None:
    for _ in range(2):
        assert api.post(f"{schedule_path(schedule)}/execution").status_code == 202

    assert Run.objects.filter(state=RunState.PENDING).count() == 2


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "multipart/form-data", "", "\x7f;;="]
)
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "once"}], ids=["no key", "a key"])
class TestBody:
    """A trigger takes none, whatever is said of it."""

    @pytest.mark.parametrize("body", [b"", b"{}", b"null", b" {\n}\t", b"  "])
    def test_one_that_says_nothing_passes(
        self, api: Caller, schedule: Schedule, content_type: str, headers: dict[str, str], body: bytes
    ) -> None:
        response = execute(api, schedule, body, content_type, headers)

        assert document(response, 202)["status"] == "triggered"

    @pytest.mark.parametrize(
        "body", [b'{"input": "x"}', b"{not json", b"\xff", b"[]", b"0", b"false", b'""', b"{}{}"]
    )
    def test_any_other_is_refused(
        self, api: Caller, schedule: Schedule, content_type: str, headers: dict[str, str], body: bytes
    ) -> None:
        before = everything()

        response = execute(api, schedule, body, content_type, headers)

        assert_error(response, 400, "invalid_request_body")
        assert everything() == before

    def test_one_that_is_too_large_is_refused_as_such(
        self, api: Caller, schedule: Schedule, content_type: str, headers: dict[str, str]
    ) -> None:
        response = execute(api, schedule, b" " * 20_000_000, content_type, headers)

        assert_error(response, 413, "payload_too_large")
        assert not Run.objects.exists()

    def test_it_is_judged_after_the_path_and_before_the_schedule(
        self,
        api: Caller,
        reader: Caller,
        nobody: Caller,
        schedule: Schedule,
        content_type: str,
        headers: dict[str, str],
    ) -> None:
        editing.update(schedule.id, {"is_active": False}, "apk_test", NOON)
        unknown = make_schedule()

        assert_error(execute(nobody, schedule, b"[]", content_type, headers), 401, "authentication_required")
        assert_error(execute(reader, schedule, b"[]", content_type, headers), 403, "insufficient_scope")
        assert_error(execute(api, unknown, b"[]", content_type, headers), 404, "schedule_not_found")
        assert_error(execute(api, schedule, b"[]", content_type, headers), 400, "invalid_request_body")
        assert_error(execute(api, schedule, b"", content_type, headers), 400, "schedule_inactive")


def execute(
    caller: Caller, schedule: Schedule, body: bytes, content_type: str, headers: dict[str, str]
) -> HttpResponse:
    """A trigger with a body."""
    return caller.send("POST", f"{schedule_path(schedule)}/execution", body, content_type, **headers)


def test_a_key_that_may_only_trigger_triggers_and_edits_nothing(schedule: Schedule) -> None:
    caller = Caller(make_token(schedule.workspace, Scope.TRIGGER))

    assert caller.post(f"{schedule_path(schedule)}/execution").status_code == 202
    assert_error(caller.patch(schedule_path(schedule), {"display_name": "x"}), 403, "insufficient_scope")


def test_an_inactive_schedule_is_refused(api: Caller, schedule: Schedule) -> None:
    editing.update(schedule.id, {"is_active": False}, "apk_test", NOON)
    before = everything()

    message = assert_error(api.post(f"{schedule_path(schedule)}/execution"), 400, "schedule_inactive")

    assert message == "Cannot trigger an inactive schedule"
    assert everything() == before


def test_a_reader_may_not_trigger(reader: Caller, schedule: Schedule) -> None:
    assert_not_for_readers(("POST", f"{schedule_path(schedule)}/execution", None), reader)


def test_an_outsider_may_not_trigger(
    nobody: Caller, elsewhere: Caller, api: Caller, schedule: Schedule
) -> None:
    call = ("POST", f"{schedule_path(schedule)}/execution", None)

    assert_only_for_its_workspace(call, nobody=nobody, elsewhere=elsewhere)
    assert_not_under_another_agent(call, schedule, api)


@pytest.mark.django_db(transaction=True)
def test_the_message_leaves_after_the_commit(valkey: redis.Redis) -> None:
    agent = make_agent()
    schedule = make_schedule(agent)
    api = Caller(make_token(agent.workspace))

    document(api.post(f"{schedule_path(schedule)}/execution"), 202)

    run = Run.objects.get()
    assert queued(valkey) == [(dispatch.EXECUTE_RUN, [run.id, run.generation])]
