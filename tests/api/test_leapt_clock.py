"""While the database's clock has leapt, nothing can be changed and everything can be read."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from schedules.database import clock
from schedules.models import Agent, Run, Schedule, Scope
from tests.api.caller import Caller, assert_error, document, schedules_path
from tests.factories import make_run, make_token

AHEAD = timedelta(days=30)
NEW = {"type": "cron", "expression": "0 0 9 * * *", "payload": {"input": "Hello"}}


@pytest.fixture
def admin(agent: Agent) -> Caller:
    return Caller(make_token(agent.workspace, Scope.ADMIN))


def test_no_change_is_accepted(admin: Caller, agent: Agent, schedule: Schedule) -> None:
    schedules, run = schedules_path(agent), make_run(schedule)
    one = f"{schedules}/{schedule.id}"
    agents = schedules.removesuffix(f"/{agent.key}/schedules")
    asked = [
        ("POST", schedules, NEW),
        ("PATCH", one, {"is_active": False}),
        ("DELETE", one, None),
        ("POST", f"{one}/execution", None),
        ("POST", f"{one}/runs/{run.id}/cancel", None),
        ("POST", f"{one}/runs/{run.id}/retry", None),
        ("POST", agents, {"key": "another"}),
        ("PATCH", f"{agents}/{agent.key}", {"name": "x"}),
        ("DELETE", f"{agents}/{agent.key}", None),
    ]
    clock.believe_others(AHEAD)

    answers = [admin.call(method, path, body) for method, path, body in asked]

    for answer in answers:
        assert_error(answer, 503, "service_unavailable")
        assert int(answer["Retry-After"]) > 0
    assert "clock has leapt ahead" in document(answers[0], 503)["error"]["message"]
    assert (Schedule.objects.count(), Run.objects.count()) == (1, 1)


def test_everything_is_read(api: Caller, agent: Agent, schedule: Schedule) -> None:
    clock.believe_others(AHEAD)
    one = f"{schedules_path(agent)}/{schedule.id}"

    for path in (schedules_path(agent), one, f"{one}/runs", f"{one}/preview"):
        document(api.get(path))
    preview = document(api.post("/v3/schedules/preview", {"type": "cron", "expression": "0 0 9 * * *"}))

    first = datetime.fromisoformat(preview["fire_times"][0])
    assert abs(first - clock.database_now()) <= timedelta(days=1)


def test_a_key_that_the_leap_has_passed_is_let_in(agent: Agent) -> None:
    expires_at = clock.database_now() - timedelta(days=20)
    lasting = Caller(make_token(agent.workspace, expires_at=expires_at))
    assert_error(lasting.get(schedules_path(agent)), 401, "expired_api_key")

    clock.believe_others(AHEAD)

    document(lasting.get(schedules_path(agent)))


@pytest.mark.postgresql
@pytest.mark.parametrize("hours", [-1, 1])
def test_keys_expire_by_the_databases_clock_on_every_host(agent: Agent, hours: int) -> None:
    now = clock.database_now()
    expired = Caller(make_token(agent.workspace, expires_at=now - timedelta(minutes=1)))
    lasting = Caller(make_token(agent.workspace, expires_at=now + timedelta(minutes=1)))

    with time_machine.travel(datetime.now(UTC) + timedelta(hours=hours), tick=True):
        refused, allowed = expired.get(schedules_path(agent)), lasting.get(schedules_path(agent))

    assert_error(refused, 401, "expired_api_key")
    document(allowed)


def test_when_it_is_right_again_changes_are_accepted(api: Caller, agent: Agent) -> None:
    clock.believe_others(AHEAD)
    assert_error(api.post(schedules_path(agent), NEW), 503, "service_unavailable")

    clock.believe_others(timedelta(0))

    document(api.post(schedules_path(agent), NEW), 201)
