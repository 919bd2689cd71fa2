"""Workspaces for clients, made inside the service's database: run with `manage.py shell`."""

import json
from dataclasses import asdict
from datetime import UTC, datetime

from schedules.models import Scope
from tests.factories import make_agent, make_due_schedule, make_schedule, make_token, make_workspace
from tests.proofs.clients.journey import Given


def print_new(base_url: str, count: int) -> None:
    """Make workspaces and print what is in them, as a JSON list; each has a schedule that is due now."""
    print(json.dumps([asdict(_new(base_url)) for _ in range(count)]))


def _new(base_url: str) -> Given:
    now = datetime.now(UTC)
    workspace = make_workspace()
    agent = make_agent(workspace, "customer_digest", tags=("v1", "v2"))
    return Given(
        base_url=base_url,
        key=make_token(workspace),
        read_only_key=make_token(workspace, Scope.READ),
        agent_key=agent.key,
        idle_agent_key=make_agent(workspace, "idle").key,
        foreign_id=make_schedule(make_agent(workspace, "ops_digest"), now).id,
        interval_id=make_schedule(agent, now, type="interval", expression="@every 6h").id,
        fired_id=make_due_schedule(agent, now).id,
    )
