"""list-agent-schedules."""

import pytest
from pytest_django import DjangoAssertNumQueries

from schedules import editing
from schedules.models import Agent
from tests.api.caller import DOCUMENT, Caller, assert_error, document, schedules_path
from tests.api.outsiders import assert_only_for_its_workspace
from tests.factories import NOON, make_agent, make_schedule


def test_an_agent_without_schedules_has_an_empty_list(api: Caller, agent: Agent) -> None:
    assert document(api.get(schedules_path(agent))) == {"schedules": []}


def test_schedules_come_newest_first(api: Caller, agent: Agent) -> None:
    made = [make_schedule(agent).id for _ in range(3)]

    listed = document(api.get(schedules_path(agent)))["schedules"]

    assert [schedule["_id"] for schedule in listed] == sorted(made, reverse=True)
    assert all(set(schedule) == DOCUMENT for schedule in listed)


def test_the_list_shows_what_retrieve_shows(api: Caller, agent: Agent) -> None:
    schedule = make_schedule(agent, agent_tag="v1", display_name="Morning")

    listed = document(api.get(schedules_path(agent)))["schedules"]

    assert listed == [document(api.get(f"{schedules_path(agent)}/{schedule.id}"))]


def test_only_live_schedules_of_this_agent_are_listed(api: Caller, agent: Agent) -> None:
    make_schedule(make_agent(agent.workspace, key="other"))
    make_schedule(make_agent(key=agent.key))
    editing.delete(make_schedule(agent).id, "apk_test", NOON)
    paused = make_schedule(agent)
    editing.update(paused.id, {"is_active": False}, "apk_test", NOON)

    listed = document(api.get(schedules_path(agent)))["schedules"]

    assert [(schedule["_id"], schedule["is_active"]) for schedule in listed] == [(paused.id, False)]


@pytest.mark.usefixtures("standing_clock")
def test_a_long_list_costs_no_more_queries(
    api: Caller, agent: Agent, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(5):
        make_schedule(agent)
    api.get(schedules_path(agent))  # notes the key's use

    with django_assert_num_queries(3):  # the agent, its schedules, what holds them
        listed = document(api.get(schedules_path(agent)))["schedules"]

    assert len(listed) == 5


def test_a_reader_may_list(reader: Caller, agent: Agent) -> None:
    assert document(reader.get(schedules_path(agent))) == {"schedules": []}


def test_an_outsider_may_not_list(nobody: Caller, elsewhere: Caller, agent: Agent) -> None:
    theirs = make_agent(agent.workspace, key="only_here")
    make_schedule(theirs)

    assert_only_for_its_workspace(
        ("GET", schedules_path(theirs), None), nobody=nobody, elsewhere=elsewhere, missing="agent_not_found"
    )


def test_an_agent_of_the_same_key_elsewhere_lists_its_own(elsewhere: Caller, agent: Agent) -> None:
    make_schedule(agent)

    assert document(elsewhere.get(schedules_path(agent))) == {"schedules": []}


@pytest.mark.parametrize(
    "agent_key", ["unknown", "Digest", "digest%20", "digest%00", "%F0%9F%92%A9", "a" * 300]
)
def test_an_unknown_agent_is_not_found(api: Caller, agent_key: str) -> None:
    assert_error(api.get(f"/v3/agents/{agent_key}/schedules"), 404, "agent_not_found")
