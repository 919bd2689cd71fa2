"""Clients of the API want the same at the same moment: no change is lost, and what is repeated is done once."""

import json
import threading
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse

from schedules import editing, idempotency
from schedules.errors import IdempotencyKeyReused, ScheduleInactive
from schedules.idempotency import RecordedAnswer
from schedules.models import IdempotencyRecord, Run, Schedule
from schedules.triggering import run_now
from tests.api.caller import Caller, document, schedule_path, schedules_path
from tests.factories import NOON, make_agent, make_schedule, make_token
from tests.races.threads import at_once, elsewhere, open_transaction, wait_until_blocked
from tests.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

NEW = {"type": "cron", "expression": "0 0 9 * * *", "payload": {"input": "Hello"}}


@pytest.fixture
def schedule() -> Schedule:
    """A schedule of an agent."""
    return make_schedule(make_agent())


@pytest.fixture
def api(schedule: Schedule) -> Caller:
    """May write in the schedule's workspace; its use is noted already, so that nobody waits for that."""
    api = Caller(make_token(schedule.workspace))
    api.get(schedule_path(schedule))
    return api


def send(api: Caller, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
    raw = b"" if body is None else json.dumps(body).encode()
    return api.send(method, path, raw, "application/json", **headers)


def send_until_served(api: Caller, method: str, path: str, body: Any) -> HttpResponse:
    """Again while the answer is 503, as clients do: on a busy machine a hundred wait too long for a connection."""
    served = wait_for(lambda: (answer := send(api, method, path, body)).status_code != 503 and answer, 50)
    assert isinstance(served, HttpResponse)
    return served


def revision(response: HttpResponse) -> int:
    return int(response["ETag"].strip('"').split("-")[1])


def test_a_hundred_patches_at_once_lose_nothing_and_count_each_change_of_cadence(
    api: Caller, schedule: Schedule
) -> None:
    half = 50 if connection.vendor == "postgresql" else 10
    cadences = [{"expression": f"0 {minute} 8 * * *"} for minute in range(half)]
    names = [{"display_name": f"name {number}"} for number in range(half)]
    path = schedule_path(schedule)

    answers = at_once([partial(send_until_served, api, "PATCH", path, body) for body in cadences + names])

    changed = [(revision(answer), document(answer)) for answer in answers]
    assert sorted(number for number, _ in changed) == list(range(2, 2 * half + 2))
    for (_, shown), change in zip(changed, cadences + names, strict=True):
        assert shown | change == shown
    assert sorted(shown["generation"] for _, shown in changed[:half]) == list(range(2, half + 2))
    _, newest = max(changed, key=lambda change: change[0])
    assert document(api.get(path)) == newest
    assert (newest["generation"], newest["display_name"][:5]) == (half + 1, "name ")


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_of_changes_to_the_same_revision_exactly_one_is_made(
    api: Caller, schedule: Schedule, method: str
) -> None:
    path = schedule_path(schedule)
    tag = {"If-Match": api.get(path)["ETag"]}
    bodies = [{"expression": f"0 {minute} 8 * * *"} if method == "PATCH" else None for minute in range(8)]

    answers = at_once([partial(send, api, method, path, body, **tag) for body in bodies])

    statuses = sorted(answer.status_code for answer in answers)
    schedule.refresh_from_db()
    assert schedule.revision == 2
    if method == "DELETE":  # the others find it gone, or met the row first
        assert statuses[0] == 204
        assert set(statuses[1:]) <= {404, 412}
        return
    assert statuses == [200] + [412] * 7
    assert schedule.generation == 2
    [winner] = [body for body, answer in zip(bodies, answers, strict=True) if answer.status_code == 200]
    assert winner is not None
    assert schedule.expression == winner["expression"]


@pytest.mark.postgresql
def test_the_condition_is_judged_by_what_the_edit_before_left(api: Caller, schedule: Schedule) -> None:
    path = schedule_path(schedule)
    tag = {"If-Match": api.get(path)["ETag"]}

    with open_transaction(lambda: editing.update(schedule.id, {"display_name": "x"}, "apk_x", NOON)):
        changing = elsewhere(partial(send, api, "PATCH", path, {"is_active": False}, **tag))
        answer = changing.__enter__()
        wait_until_blocked()

    assert answer.result(timeout=10).status_code == 412
    changing.__exit__(None, None, None)
    schedule.refresh_from_db()
    assert schedule.is_active


@pytest.mark.parametrize("operation", ["create", "trigger"])
def test_duplicates_at_once_have_one_effect_and_one_answer(
    api: Caller, schedule: Schedule, operation: str
) -> None:
    create = ("POST", schedules_path(schedule.agent), NEW)
    trigger = ("POST", f"{schedule_path(schedule)}/execution", None)
    call = create if operation == "create" else trigger

    answers = at_once([partial(send, api, *call, **{"Idempotency-Key": "k"})] * 9)

    assert len({(answer.status_code, answer.content, answer.get("ETag")) for answer in answers}) == 1
    assert [answer.get("Idempotency-Replayed") for answer in answers].count(None) == 1
    assert (Schedule.objects.count(), Run.objects.count()) == ((2, 0) if operation == "create" else (1, 1))


def test_of_two_requests_at_once_under_one_key_one_is_refused(api: Caller, schedule: Schedule) -> None:
    path = schedules_path(schedule.agent)
    bodies = [NEW | {"display_name": name} for name in ("one", "two")]

    answers = at_once([partial(send, api, "POST", path, body, **{"Idempotency-Key": "k"}) for body in bodies])

    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert Schedule.objects.count() == 2


def test_expired_duplicates_at_once_have_one_effect(api: Caller, schedule: Schedule) -> None:
    path = f"{schedule_path(schedule)}/execution"
    send(api, "POST", path, **{"Idempotency-Key": "k"})
    IdempotencyRecord.objects.update(created_at=NOON - idempotency.KEPT_FOR)

    answers = at_once([partial(send, api, "POST", path, **{"Idempotency-Key": "k"})] * 6)

    assert [answer.get("Idempotency-Replayed") for answer in answers].count(None) == 1
    assert Run.objects.count() == 2
    assert IdempotencyRecord.objects.count() == 1


def run_once(schedule: Schedule, request: str = "same") -> RecordedAnswer:
    def trigger() -> RecordedAnswer:
        return RecordedAnswer(202, run_now.trigger(schedule.id, NOON).id)

    return idempotency.once(schedule.workspace_id, "k", request, NOON, trigger)


@pytest.mark.postgresql
def test_a_duplicate_waits_for_the_first_and_repeats_its_answer(schedule: Schedule) -> None:
    with open_transaction(partial(run_once, schedule)):
        repeating = elsewhere(partial(run_once, schedule))
        repeated = repeating.__enter__()
        wait_until_blocked()
        assert not repeated.done()

    assert repeated.result(timeout=10) == RecordedAnswer(202, Run.objects.get().id, {}, is_replayed=True)
    repeating.__exit__(None, None, None)


@pytest.mark.postgresql
def test_another_request_waits_for_the_first_and_is_refused(schedule: Schedule) -> None:
    with open_transaction(partial(run_once, schedule)):
        reusing = elsewhere(partial(run_once, schedule, "another"))
        outcome = reusing.__enter__()
        wait_until_blocked()

    assert isinstance(outcome.exception(timeout=10), IdempotencyKeyReused)
    reusing.__exit__(None, None, None)
    assert Run.objects.count() == 1


@pytest.mark.postgresql
def test_a_duplicate_of_what_failed_is_the_first_itself(schedule: Schedule) -> None:
    began, may_fail = threading.Event(), threading.Event()

    def refused() -> RecordedAnswer:
        began.set()
        may_fail.wait(timeout=30)
        raise ScheduleInactive

    with elsewhere(lambda: idempotency.once(schedule.workspace_id, "k", "same", NOON, refused)) as failing:
        assert began.wait(timeout=10)
        with elsewhere(partial(run_once, schedule)) as second:
            wait_until_blocked()
            may_fail.set()
            answer = second.result(timeout=10)

    assert isinstance(failing.exception(), ScheduleInactive)
    assert answer == RecordedAnswer(202, Run.objects.get().id)
