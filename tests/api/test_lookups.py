"""A schedule is found by workspace, agent key and id: by the portable query and PostgreSQL's statement alike."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from schedules import editing
from schedules.api import lookups_postgresql
from schedules.api.documents import ScheduleDocument
from schedules.api.lookups import find_schedule
from schedules.models import Agent, Schedule
from schedules.triggering import run_now
from tests.factories import NOON, make_agent, make_schedule, make_workspace

Find = Callable[[uuid.UUID, str, str], Schedule | None]

BOTH = [
    pytest.param(find_schedule, id="portable"),
    pytest.param(lookups_postgresql.find, id="postgresql", marks=pytest.mark.postgresql),
]
both = pytest.mark.parametrize("find", BOTH)


def _fields(schedule: Schedule | None) -> dict[str, Any]:
    assert schedule is not None
    return {field.attname: getattr(schedule, field.attname) for field in schedule._meta.concrete_fields}


@both
def test_a_schedule_is_found_with_everything_it_has(agent: Agent, find: Find) -> None:
    payload = {
        "input": [{"text": "ü☃ \\u0041"}],
        "variables": {"n": 1.5, "s": {"secret": True, "value": "hidden"}},
    }
    schedule = make_schedule(agent, agent_tag="v1", display_name="Été", payload=payload)
    editing.update(schedule.id, {"expression": "0 0 10 * * *"}, "apk_other", NOON + timedelta(hours=1))
    run_now.trigger(schedule.id, NOON + timedelta(hours=2))

    loaded = find(agent.workspace_id, agent.key, schedule.id)

    assert _fields(loaded) == _fields(Schedule.objects.get())
    assert loaded is not None
    assert ScheduleDocument(loaded).data == ScheduleDocument(Schedule.objects.get()).data


@both
def test_its_agent_is_at_hand(agent: Agent, find: Find) -> None:
    loaded = find(agent.workspace_id, agent.key, make_schedule(agent).id)

    assert loaded is not None
    assert (loaded.agent, loaded.agent.runtime) == (agent, agent.runtime)


@both
def test_a_found_schedule_can_be_saved(agent: Agent, find: Find) -> None:
    loaded = find(agent.workspace_id, agent.key, make_schedule(agent).id)
    assert loaded is not None

    loaded.display_name = "renamed"
    loaded.save(update_fields=["display_name"])

    assert Schedule.objects.get().display_name == "renamed"


@both
def test_nothing_is_found_of_others_or_after_its_end(agent: Agent, find: Find) -> None:
    schedule = make_schedule(agent)
    neighbour = make_agent(agent.workspace, key="neighbour")
    elsewhere = make_workspace()
    make_agent(elsewhere, key=agent.key)
    assert find(agent.workspace_id, agent.key, schedule.id) is not None

    assert find(agent.workspace_id, neighbour.key, schedule.id) is None
    assert find(agent.workspace_id, agent.key.upper(), schedule.id) is None
    assert find(elsewhere.id, agent.key, schedule.id) is None
    assert find(agent.workspace_id, agent.key, schedule.id.lower()) is None
    editing.delete(schedule.id, "apk_test", NOON)
    assert find(agent.workspace_id, agent.key, schedule.id) is None
