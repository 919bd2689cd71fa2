"""Which waiting runs get a message: workspaces take turns, and only as many as there are free slots."""

from datetime import timedelta

import pytest
import redis
from pytest_django import Settings

from orqsite.broker import QUEUE
from schedules.models import Agent, Run
from schedules.runs import claiming, recovering
from schedules.runs.claimed import Claimed
from tests.factories import NOON, make_agent, make_due_schedule, make_run, make_schedule, make_workspace
from tests.firing import fire
from tests.messages import queued

pytestmark = pytest.mark.django_db(transaction=True)

WAIT = timedelta(seconds=4)
LEASE = timedelta(seconds=15)


def agent_of(limit: int = 0, workspace_limit: int = 0) -> Agent:
    workspace = make_workspace()
    workspace.max_in_flight = workspace_limit
    workspace.save()
    return make_agent(workspace, max_in_flight=limit)


def waiting(agent: Agent, count: int, seconds: float = 0) -> list[str]:
    """Runs that have waited so long, the oldest first."""
    schedule = make_schedule(agent)
    since = NOON - timedelta(seconds=seconds)
    instants = [since + timedelta(milliseconds=number) for number in range(count)]
    return [make_run(schedule, not_before=at, redispatch_at=at).id for at in instants]


def taken(limit: int) -> list[str]:
    return [run_id for run_id, _ in recovering.take_for_redispatch(NOON + WAIT, WAIT, limit)]


def test_a_herd_of_one_workspace_does_not_stand_before_another_ones_run() -> None:
    herd = waiting(agent_of(), 50, seconds=60)
    (single,) = waiting(agent_of(), 1)

    assert set(taken(2)) == {herd[0], single}
    assert taken(2) == herd[1:3]


def test_workspaces_take_turns_and_in_each_the_oldest_comes_first() -> None:
    one, other, third = (waiting(agent_of(), 4, seconds) for seconds in (60, 30, 10))

    assert taken(7) == [one[0], other[0], third[0], one[1], other[1], third[1], one[2]]


def test_agents_of_one_workspace_share_its_turns_by_age() -> None:
    agent = agent_of()
    old = waiting(agent, 2, seconds=60)
    new = waiting(make_agent(agent.workspace, "other"), 2, seconds=30)

    assert taken(10) == [*old, *new]


def test_an_agent_gets_no_more_messages_than_it_has_free_slots() -> None:
    agent = agent_of(3)
    first, *others = waiting(agent, 6)
    assert isinstance(claiming.claim(first, 1, "worker", NOON + WAIT, LEASE), Claimed)

    assert taken(10) == others[:2]
    assert taken(10) == [], "messages under way will take the slots"


def test_where_calls_have_just_ended_as_many_messages_go_ahead_of_free_slots() -> None:
    agent = agent_of(1)
    hanging = make_agent(agent.workspace, "hanging", max_in_flight=1)
    runs, others = waiting(agent, 5), waiting(hanging, 5)
    for run_id in (runs[0], others[0]):
        assert isinstance(claiming.claim(run_id, 1, "worker", NOON + WAIT, LEASE), Claimed)

    taken_ahead = recovering.take_for_redispatch(NOON + WAIT, WAIT, 10, {agent.id: 2})

    assert [run_id for run_id, _ in taken_ahead] == runs[1:3]


def test_a_workspace_gets_no_more_messages_than_it_has_free_slots() -> None:
    agent = agent_of(0, 3)
    first, *old = waiting(agent, 2, seconds=60)
    new = waiting(make_agent(agent.workspace, "other", max_in_flight=0), 6)
    assert isinstance(claiming.claim(first, 1, "worker", NOON + WAIT, LEASE), Claimed)

    assert taken(10) == [*old, new[0]]


def test_a_saturated_agent_stands_before_no_other() -> None:
    agent = agent_of(1)
    first, *_ = waiting(agent, 20, seconds=60)
    claiming.claim(first, 1, "worker", NOON + WAIT, LEASE)
    (other,) = waiting(make_agent(agent.workspace, "other"), 1)

    assert taken(5) == [other]


def test_a_run_of_an_old_process_gets_its_turn_without_its_agent() -> None:
    (run_id,) = waiting(agent_of(), 1)
    Run.objects.update(agent=None, workspace=None)

    assert taken(5) == [run_id]


def test_a_batch_sends_what_the_queue_has_room_for_and_the_rest_waits_for_its_turn(
    valkey: redis.Redis,
) -> None:
    agent = agent_of()
    for _ in range(5):
        make_due_schedule(agent)

    assert fire(NOON, 10, room=2) == 5

    sent = {arguments[0] for _, arguments in queued(valkey)}
    assert len(sent) == 2
    for run in Run.objects.all():
        is_under_way = run.redispatch_at > NOON
        assert is_under_way == (run.id in sent)
    assert recovering.top_up(NOON) == 3, "at once: they never had a message"


def test_a_full_queue_takes_no_message_of_a_batch(valkey: redis.Redis) -> None:
    make_due_schedule(agent_of())

    fire(NOON, 10, room=0)

    assert Run.objects.count() == 1
    assert queued(valkey) == []


def test_the_queue_is_filled_up_to_its_limit(valkey: redis.Redis, settings: Settings) -> None:
    settings.ORQ = settings.ORQ.model_copy(update={"queue_limit": 3})
    waiting(agent_of(), 5, seconds=60)
    valkey.lpush(QUEUE, "message")

    assert recovering.top_up(NOON) == 2
    assert recovering.top_up(NOON) == 0
