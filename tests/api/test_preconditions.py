"""ETag and If-Match: a change meets the schedule its client has seen, or nothing happens."""

from collections.abc import Callable

import pytest
from django.http import HttpResponse

from schedules import editing
from schedules.models import Agent, Schedule
from tests.api.caller import Caller, assert_error, document, everything, schedule_path, schedules_path
from tests.factories import NOON, make_due_schedule, make_schedule
from tests.firing import fire

NEW = {"type": "cron", "expression": "0 0 9 * * *", "payload": {"input": "Hello"}}

Change = Callable[[Caller, Schedule, str], HttpResponse]


def patch(api: Caller, schedule: Schedule, if_match: str) -> HttpResponse:
    """A PATCH with the header If-Match."""
    raw = b'{"display_name": "changed"}'
    return api.send("PATCH", schedule_path(schedule), raw, "application/json", **{"If-Match": if_match})


def delete(api: Caller, schedule: Schedule, if_match: str) -> HttpResponse:
    """A DELETE with the header If-Match."""
    return api.send("DELETE", schedule_path(schedule), b"", "", **{"If-Match": if_match})


both = pytest.mark.parametrize("change", [patch, delete])


def etag(api: Caller, schedule: Schedule) -> str:
    """The schedule's tag, asked for."""
    return str(api.get(schedule_path(schedule))["ETag"])


def test_create_retrieve_and_update_give_the_tag(api: Caller, agent: Agent) -> None:
    created = api.post(schedules_path(agent), NEW)
    path = f"{schedules_path(agent)}/{document(created, 201)['_id']}"
    retrieved = api.get(path)
    updated = api.patch(path, {"display_name": "x"})

    assert created["ETag"] == retrieved["ETag"]
    assert created["ETag"].startswith('"')
    assert updated["ETag"] != created["ETag"]
    assert api.get(path)["ETag"] == updated["ETag"]


def test_two_schedules_never_share_a_tag(api: Caller, agent: Agent) -> None:
    assert etag(api, make_schedule(agent)) != etag(api, make_schedule(agent))


@pytest.mark.parametrize(
    "changes",
    [{"display_name": "x"}, {"payload": {"input": ""}}, {"is_active": False}, {"expression": "0 0 10 * * *"}],
)
def test_every_edit_makes_a_new_tag(
    api: Caller, schedule: Schedule, changes: editing.ScheduleChanges
) -> None:
    tags = {etag(api, schedule)}

    for _ in range(2):  # a repeated value is an edit too: it moves `updated`
        editing.update(schedule.id, changes, "apk_x", NOON)
        tags.add(etag(api, schedule))

    assert len(tags) == 3


def test_a_firing_a_trigger_and_an_empty_change_leave_the_tag_alone(api: Caller, agent: Agent) -> None:
    schedule = make_due_schedule(agent)
    before = etag(api, schedule)
    editing.update(schedule.id, {}, "apk_x", NOON)
    api.post(f"{schedule_path(schedule)}/execution")

    assert fire(NOON, 10) == 1

    assert document(api.get(schedule_path(schedule)))["is_active"] is False
    assert etag(api, schedule) == before


@pytest.mark.parametrize(
    "written", ["{}", "*", " * ", '"other", {}', '{},"other"', ',, {} ,,"a,b"', 'W/"x", {}', '"", {}']
)
@both
def test_a_matching_tag_lets_the_change_through(
    api: Caller, schedule: Schedule, change: Change, written: str
) -> None:
    response = change(api, schedule, written.replace("{}", etag(api, schedule)))

    assert response.status_code in (200, 204)
    schedule.refresh_from_db()
    assert schedule.revision == 2


@pytest.mark.parametrize(
    "written", ['"other"', "W/{}", 'W/{}, "other"', '""', "stale", '"a", "b"', "foreign"]
)
@both
def test_any_other_tag_changes_nothing(api: Caller, schedule: Schedule, change: Change, written: str) -> None:
    other = make_schedule(schedule.agent)
    stale = etag(api, schedule)
    for edited in (schedule, other):
        editing.update(edited.id, {"display_name": "meanwhile"}, "apk_x", NOON)
    foreign = etag(api, other)
    before = everything()
    if_match = {"stale": stale, "foreign": foreign}.get(written, written.replace("{}", etag(api, schedule)))

    assert_error(change(api, schedule, if_match), 412, "precondition_failed")

    assert everything() == before


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        " ",
        ",",
        "x",
        "{raw}",
        '"',
        '"x',
        'x"',
        '"x" "y"',
        '*, "x"',
        '"x", *',
        '"x";',
        'w/"x"',
        "W/x",
        '"a b"',
    ],
)
@both
def test_a_malformed_list_of_tags_is_refused(
    api: Caller, schedule: Schedule, change: Change, malformed: str
) -> None:
    before = everything()
    malformed = malformed.replace("{raw}", etag(api, schedule).strip('"'))

    assert_error(change(api, schedule, malformed), 400, "invalid_request_body", "If-Match")

    assert everything() == before


@both
def test_an_endless_list_of_tags_costs_little(api: Caller, schedule: Schedule, change: Change) -> None:
    assert_error(change(api, schedule, '"x", ' * 20_000 + "x"), 400, "invalid_request_body", "If-Match")
    assert_error(change(api, schedule, '"x" , ' * 20_000), 412, "precondition_failed")


def test_an_empty_change_is_held_to_its_condition_too(api: Caller, schedule: Schedule) -> None:
    stale = {"If-Match": '"stale"'}

    response = api.send("PATCH", schedule_path(schedule), b"{}", "application/json", **stale)

    assert_error(response, 412, "precondition_failed")


def test_the_condition_is_about_the_change_before_its_content_is_judged(
    api: Caller, schedule: Schedule
) -> None:
    wrong = b'{"expression": "every morning"}'

    response = api.send(
        "PATCH", schedule_path(schedule), wrong, "application/json", **{"If-Match": '"stale"'}
    )

    assert_error(response, 412, "precondition_failed")


@both
def test_what_is_gone_is_not_found_whatever_the_condition(
    api: Caller, elsewhere: Caller, schedule: Schedule, change: Change
) -> None:
    tag = etag(api, schedule)

    assert_error(change(elsewhere, schedule, tag), 404, "schedule_not_found")
    assert_error(change(elsewhere, schedule, "*"), 404, "schedule_not_found")
    editing.delete(schedule.id, "apk_x", NOON)
    assert_error(change(api, schedule, tag), 404, "schedule_not_found")
