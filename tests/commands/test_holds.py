"""hold and release: counts, a question, and what is stopped and goes on."""

import sys
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management.base import CommandError

from schedules.actors import Actor, ActorKind, acting
from schedules.models import Agent, Hold, RunState
from tests.commands.conftest import Run
from tests.factories import make_agent, make_hold, make_run, make_schedule, make_workspace

pytestmark = pytest.mark.django_db

OF_AGENT = ("--workspace", "acme", "--agent", "digest")


class Terminal(StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        """A person sits there."""
        return True


@pytest.fixture
def agent() -> Agent:
    """Two schedules, of which one is active, and a run that waits."""
    agent = make_agent(make_workspace("acme"))
    make_run(make_schedule(agent))
    paused = make_schedule(agent)
    type(paused).objects.filter(id=paused.id).update(is_active=False)
    return agent


def test_an_agent_is_held_and_released_with_counts(run: Run, agent: Agent) -> None:
    with acting(lambda: Actor(ActorKind.COMMAND, name="kim")):
        held = run("hold", *OF_AGENT, "--note", "Too loud", "--yes")
    released = run("release", *OF_AGENT, "--yes")

    counts = "1 active schedule, 1 waiting run (calls in flight: 0)"
    assert held == f"Now held: agent digest, by kim, 'Too loud'.\nStopped: {counts}.\n"
    assert released == f"Released: agent digest, {counts}.\n"
    hold = Hold.objects.get()
    assert (hold.agent_id, hold.note, hold.by_id) == (agent.id, "Too loud", "command")
    assert hold.ended_at is not None


def test_a_workspace_and_everything_are_reached(run: Run, agent: Agent) -> None:
    run("hold", "--workspace", "acme", "--yes")
    run("hold", "--everything", "--yes")

    holds = [(hold.scope, hold.workspace_id, hold.agent_id) for hold in Hold.objects.order_by("id")]
    assert holds == [("workspace", agent.workspace_id, None), ("everything", None, None)]

    run("release", "--everything", "--yes")

    assert Hold.objects.filter(ended_at=None).get().scope == "workspace"


def test_it_ends_when_it_is_told(run: Run, agent: Agent) -> None:
    until = (datetime.now(UTC) + timedelta(days=3)).replace(microsecond=0)

    run("hold", *OF_AGENT, "--until", until.isoformat(), "--yes")

    assert Hold.objects.get().until_at == until


@pytest.mark.parametrize(("answer", "count"), [("y\n", 1), ("n\n", 0), ("\n", 0)])
def test_it_asks_first(
    run: Run, agent: Agent, monkeypatch: pytest.MonkeyPatch, answer: str, count: int
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))

    with nullcontext() if count else pytest.raises(CommandError, match="Nothing was changed"):
        run("hold", *OF_AGENT)

    assert Hold.objects.count() == count


def test_where_nobody_can_be_asked_nothing_is_done(
    run: Run, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO())

    with pytest.raises(CommandError, match=r"1 active schedule, 1 waiting run.*say --yes"):
        run("hold", *OF_AGENT)

    assert not Hold.objects.exists()


def test_what_is_not_held_is_not_released(run: Run, agent: Agent) -> None:
    make_hold(agent.workspace)

    assert run("release", *OF_AGENT, "--yes") == "agent digest is not held.\n"
    assert Hold.objects.get().ended_at is None


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "Say either"),
        (("--agent", "digest"), "Say either"),
        (("--workspace", "acme", "--everything"), "Say either"),
        (("--agent", "digest", "--everything"), "Say either"),
        (("--workspace", "nobody"), "There is no workspace"),
        (("--workspace", "acme", "--agent", "other"), "has no agent 'other'"),
        (("--workspace", "acme", "--until", "2020-01-01T00:00:00Z"), "until is in the past"),
    ],
)
def test_what_is_unclear_is_refused(run: Run, agent: Agent, words: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        run("hold", *words, "--yes")

    assert not Hold.objects.exists()


def test_a_running_one_is_counted_apart(run: Run, agent: Agent) -> None:
    schedule = agent.schedules.order_by("id").first()
    assert schedule is not None
    later = datetime.now(UTC) + timedelta(hours=1)
    make_run(schedule, state=RunState.RUNNING, lease_expires_at=later)

    assert "1 waiting run (calls in flight: 1)" in run("hold", *OF_AGENT, "--yes")
