"""Plain makers of rows: every test says what matters to it, the rest is filled in."""

from datetime import UTC, datetime, timedelta
from typing import Any

from schedules import api_keys, editing
from schedules.database.ulids import new_ulid
from schedules.editing import NewSchedule
from schedules.models import (
    Agent,
    AgentVersion,
    Hold,
    HoldScope,
    Incident,
    NextFire,
    Run,
    RunState,
    Schedule,
    Scope,
    Subject,
    TriggerKind,
    Workspace,
)

NOON = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
"""A Monday, for tests that pass the time themselves."""

DAILY = "0 0 9 * * *"


def make_workspace(name: str | None = None) -> Workspace:
    """A workspace of its own name."""
    return Workspace.objects.create(name=name or f"workspace {new_ulid()}")


def make_agent(workspace: Workspace | None = None, key: str = "digest", **fields: Any) -> Agent:
    """An agent, on the echo runtime unless told otherwise, with the versions named in `tags`."""
    tags = fields.pop("tags", ())
    fields.setdefault("runtime", "echo")
    agent = Agent.objects.create(workspace=workspace or make_workspace(), key=key, **fields)
    AgentVersion.objects.bulk_create(AgentVersion(agent=agent, tag=tag) for tag in tags)
    return agent


def make_schedule(agent: Agent | None = None, now: datetime = NOON, **fields: Any) -> Schedule:
    """A schedule made as a person makes it (through `editing.create`), at `now`."""
    new: dict[str, Any] = {"type": "cron", "expression": DAILY, "payload": {"input": "Hello"}}
    return editing.create(agent or make_agent(), NewSchedule(**new | fields), "apk_test", now)


def make_due_schedule(agent: Agent | None = None, due_at: datetime = NOON, **fields: Any) -> Schedule:
    """A once schedule whose fire time is `due_at`, made an hour before."""
    expression = f"@at {due_at:%Y-%m-%dT%H:%M:%SZ}"
    return make_schedule(
        agent, due_at - timedelta(hours=1), **{"type": "once", "expression": expression} | fields
    )


def finish(schedule: Schedule) -> None:
    """As its last firing leaves it, but without a run."""
    NextFire.objects.filter(schedule=schedule).delete()
    Schedule.objects.filter(id=schedule.id).update(is_active=False, is_finished=True)


def make_run(schedule: Schedule, **fields: Any) -> Run:
    """A pending manual run of the schedule's generation, claimable at NOON, unless told otherwise."""
    defaults: dict[str, Any] = {
        "agent_id": schedule.agent_id,
        "workspace_id": schedule.workspace_id,
        "generation": schedule.generation,
        "trigger": TriggerKind.MANUAL,
        "not_before": NOON,
        "created_at": NOON,
        "redispatch_at": NOON,
        "state": RunState.PENDING,
    }
    return Run.objects.create(schedule=schedule, **defaults | fields)


def make_hold(of: Agent | Workspace | None = None, began_at: datetime = NOON, **fields: Any) -> Hold:
    """A hold of an agent, a workspace or (None) everything, as it is while it lasts unless told otherwise."""
    if isinstance(of, Agent):
        reached: dict[str, Any] = {"scope": HoldScope.AGENT, "workspace_id": of.workspace_id, "agent": of}
    elif of is not None:
        reached = {"scope": HoldScope.WORKSPACE, "workspace": of}
    else:
        reached = {"scope": HoldScope.EVERYTHING}
    made = {"by_id": "user_anna", "by_name": "anna", "note": "The provider is down"}
    return Hold.objects.create(**made | reached | {"began_at": began_at} | fields)


def make_incident(agent: Agent, opened_at: datetime = NOON, **fields: Any) -> Incident:
    """An open incident of the agent, told a minute ago, unless told otherwise."""
    made = {
        "rule": "agent.outage",
        "subject": Subject.AGENT,
        "subject_id": agent.id,
        "subject_name": agent.key,
        "agent_id": agent.id,
        "signature": "agent_unreachable",
        "facts": {"schedule_count": 5, "code": "agent_unreachable"},
        "seen_at": opened_at,
        "told_at": opened_at + timedelta(minutes=1),
    }
    return Incident.objects.create(workspace_id=agent.workspace_id, opened_at=opened_at, **made | fields)


def make_token(workspace: Workspace, scope: Scope = Scope.WRITE, **fields: Any) -> str:
    """A working API token of the workspace."""
    return api_keys.issue(workspace, scope=scope, **fields).token
