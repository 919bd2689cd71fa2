"""A workspace full of schedules and runs, made inside the service's database: run with `manage.py shell`."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from schedules import editing
from schedules.models import Agent, DeliveryState, Run, RunState, Schedule, Scope, TriggerKind, Workspace
from tests.factories import (
    DAILY,
    make_agent,
    make_incident,
    make_run,
    make_schedule,
    make_token,
    make_workspace,
)
from tests.proofs.fuzz.given import Given, Place
from tests.schedules.deliveries.alerts import make_delivery, make_webhook

TYPES: Final = {"cron": DAILY, "interval": "@every 6h", "once": "@at 2099-05-01T09:00:00Z"}
PAYLOAD: Final = {
    "input": [{"role": "user", "content": "Grüß Gott 👋"}],
    "variables": {"token": {"secret": True, "value": "s3cret"}, "limit": 3},
    "metadata": {"source": "fuzz"},
}
CONSUMED: Final = 12
"""Places for an operation that uses them up."""


def print_new() -> None:
    """Make the workspace and print what is in it, as JSON."""
    workspace = make_workspace()
    agent = make_agent(workspace, "customer_digest", tags=("v1", "v2"))
    now = datetime.now(UTC)
    schedules = [_schedule(agent, now, type_) for type_ in TYPES]
    paused = [_schedule(agent, now, type_) for type_ in TYPES]
    for schedule in paused:
        editing.update(schedule.id, {"is_active": False}, "apk_test", now)
    given = Given(
        key=make_token(workspace, Scope.ADMIN),
        reader=make_token(workspace, Scope.READ),
        places=[_place(run) for schedule in schedules + paused for run in _runs(schedule, now)],
        own_places={
            "delete-agent": [_agent_place(workspace, f"to_delete_{number}") for number in range(CONSUMED)],
            "update-agent": [_agent_place(workspace, "to_update")],
            "delete-agent-schedule": [
                _place(_pending(_schedule(agent, now, "cron"))) for _ in range(CONSUMED)
            ],
            "trigger-agent-schedule": [
                _place(_pending(_schedule(agent, now, "interval"))) for _ in range(CONSUMED)
            ],
            "cancel-agent-schedule-run": [  # of schedules that no other operation pauses meanwhile
                _place(_pending(_schedule(agent, now, "cron"))) for _ in range(CONSUMED)
            ],
            "retry-agent-schedule-run": [
                _place(make_run(_schedule(agent, now, "cron"), state=RunState.FAILED, finished_at=now))
                for _ in range(CONSUMED)
            ],
            **_places_of_alerts(workspace),
        },
    )
    print(given.as_json())


def _schedule(agent: Agent, now: datetime, type_: str) -> Schedule:
    return make_schedule(
        agent,
        now,
        type=type_,
        expression=TYPES[type_],
        payload=PAYLOAD,
        agent_tag="v1",
        display_name="A name",
    )


def _pending(schedule: Schedule) -> Run:
    return make_run(schedule)


def _runs(schedule: Schedule, now: datetime) -> list[Run]:
    """One in each state, as full of values as it can be."""
    return [make_run(schedule, state=state, **_outcome(state, now)) for state in RunState]


def _outcome(state: RunState, now: datetime) -> dict[str, Any]:
    started: dict[str, Any] = {"attempt": 2, "started_at": now, "agent_tag": "v1"}
    match state:
        case RunState.RUNNING:
            return started | {"lease_expires_at": now + timedelta(days=1)}
        case RunState.SUCCEEDED:
            return started | {
                "trigger": TriggerKind.CADENCE,
                "fire_time": now - timedelta(seconds=2),
                "is_misfire": True,
                "finished_at": now,
                "response_id": "resp_1",
                "output_text": "Good morning ☃",
                "usage": {"total_tokens": 3, "details": {"cached": 1}},
            }
        case RunState.FAILED:
            return started | {"finished_at": now, "error_code": "agent_error", "error_message": "It said no"}
        case RunState.CANCELLED:
            return {"finished_at": now, "reason": "cancelled_by_person"}
        case RunState.DISCARDED:
            return {"finished_at": now, "reason": "schedule_inactive"}
    return {}


def _agent_place(workspace: Workspace, key: str) -> Place:
    return {"agent_key": make_agent(workspace, key).key}


def _incident_place(workspace: Workspace, key: str) -> Place:
    return {"incident_id": make_incident(make_agent(workspace, key)).id}


def _places_of_alerts(workspace: Workspace) -> dict[str, list[Place]]:
    """Endpoints that nobody deletes, for all that needs one, and others for those that do."""
    numbers = range(CONSUMED)
    incidents = [_incident_place(workspace, f"down_{number}") for number in numbers]
    webhook = make_webhook(workspace)
    webhooks = [{"webhook_id": webhook.id}]
    delivered = [{"delivery_id": make_delivery(webhook, state=DeliveryState.DELIVERED).id} for _ in numbers]
    return {
        "retrieve-incident": incidents,
        "acknowledge-incident": incidents,
        "retrieve-webhook": webhooks,
        "update-webhook": [{"webhook_id": make_webhook(workspace).id}],
        "test-webhook": webhooks,
        "rotate-webhook-secret": webhooks,
        "delete-webhook": [{"webhook_id": make_webhook(workspace).id} for _ in numbers],
        "replay-deliveries": _of_replays(workspace),
        "retrieve-delivery": delivered,
        "replay-delivery": delivered,
    }


def _of_replays(workspace: Workspace) -> list[Place]:
    """An endpoint with a dead letter."""
    webhook = make_webhook(workspace)
    make_delivery(webhook, state=DeliveryState.DEAD)
    return [{"webhook_id": webhook.id}]


def _place(run: Run) -> Place:
    return {
        "agent_key": run.schedule.agent.key,
        "schedule_id": run.schedule_id,
        "run_id": run.id,
    }
