"""A program: make agents and many schedules with the domain's own verb; reads what as JSON from standard input.

`python -m tests.proofs.chaos.bulk` in the site's environment.
The input: {"agents": {key: base_url}, "planned": [{…}, …]}.
Prints how many seconds the schedules took.
"""

import json
import os
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.proofs.chaos.plan import NEIGHBOUR

BATCH = 200
WORKSPACE, NEIGHBOURS_WORKSPACE = "chaos", "noise"
SHORT_RETRIES = {
    # A minutes-long run must see retries end; an attempt that hangs is given up soon.
    "max_attempts": 20,
    "retry_base": timedelta(seconds=1),
    "retry_cap": timedelta(seconds=4),
    "connect_timeout": timedelta(seconds=3),
    "read_timeout": timedelta(seconds=5),
    "total_timeout": timedelta(seconds=8),
}


def main() -> None:
    """Make the agents, then the schedules."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orqsite.settings")
    import django

    django.setup()
    instructions = json.load(sys.stdin)
    make_agents(instructions["agents"])
    began_at = time.monotonic()
    make_schedules(instructions["planned"])
    print(time.monotonic() - began_at)


def make_agents(base_urls: Mapping[str, str]) -> None:
    """Agents that are patient enough for a run of minutes, the neighbour elsewhere; those that exist stay."""
    from schedules.models import Agent, Workspace

    for key, base_url in base_urls.items():
        name = NEIGHBOURS_WORKSPACE if key == NEIGHBOUR else WORKSPACE
        workspace, _ = Workspace.objects.get_or_create(name=name)
        fields = {"base_url": base_url, **SHORT_RETRIES}
        Agent.objects.get_or_create(workspace=workspace, key=key, defaults=fields)


def make_schedules(planned: list[dict[str, Any]]) -> None:
    """The schedules, in transactions of many."""
    from django.db import transaction

    from schedules.database.clock import database_now
    from schedules.models import Agent

    now = database_now()  # one for all: an instant must not be refused because the machine is busy
    agents = {agent.key: agent for agent in Agent.objects.all()}
    for first in range(0, len(planned), BATCH):
        with transaction.atomic():
            for one in planned[first : first + BATCH]:
                _make_schedule(agents[one["agent"]], one, now)


def _make_schedule(agent: Any, planned: dict[str, Any], now: datetime) -> None:
    from schedules import editing

    if planned["began_at"] is not None:
        now = datetime.fromtimestamp(planned["began_at"], UTC)
    new = editing.NewSchedule(planned["type"], planned["expression"], {"input": planned["subject"]})
    editing.create(agent, new, "apk_chaos", now)


if __name__ == "__main__":
    main()
