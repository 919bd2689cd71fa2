"""The update that docs/operations.md describes, under load: nothing is lost or doubled, and the web goes on.

Two checkouts: this one, and a later one with another version and a migration, made here. Meanwhile there are old
processes on the new tables, and a new worker on the old ones.
"""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpx2
import pytest
from django.db.migrations.loader import MigrationLoader

from schedules.version import VERSION
from tests.containers.load import Load
from tests.containers.project import NAME, Project
from tests.waiting import wait_for

pytestmark = pytest.mark.containers

LATER: Final = "0.1.1"
UPDATE: Final = "deploy/compose/update.sh"
AGENTS: Final = "agents"
LONGEST_REFUSAL: Final = 2.0
MIGRATION: Final = """
from django.db import migrations

GROWN = ("schedules_schedule", "schedules_agent", "schedules_run", "schedules_nextfire")


class Migration(migrations.Migration):
    dependencies = [("schedules", "{leaf}")]

    operations = [
        migrations.RunSQL(
            [f"ALTER TABLE {{table}} ADD COLUMN later varchar(20) NOT NULL DEFAULT 'x'" for table in GROWN],
            [f"ALTER TABLE {{table}} DROP COLUMN later" for table in GROWN],
        )
    ]
"""


def test_an_update_loses_nothing_doubles_nothing_and_refuses_for_two_seconds_at_most(
    project: Project, api: httpx2.Client
) -> None:
    token = api.headers["Authorization"].removeprefix("Bearer ")
    with agents(project):
        with Load(project.url, token, AGENTS) as load, watched_beats(project) as beats:
            wait_for(lambda: load.created, 30, "the first schedule")
            make_later(project)
            project.done("build", "migrate")
            start_new_worker_on_old_tables(project, api)
            update(project)
            created_count = len(load.created)
            wait_for(lambda: len(load.created) > created_count + 50, 60, "what comes after the update")
        wait_for(lambda: runs(project).keys() == {"succeeded"}, 180, "every run")

    print(f"{len(load.created)} created, refused: {load.refused}, longest {load.longest_refusal:.2f} s")
    assert load.longest_refusal <= LONGEST_REFUSAL, load.refused
    assert min(beats) >= 2, "one beat after the other"
    assert versions(project) == {LATER}
    assert runs(project)["succeeded"] == schedule_count(project) >= len(load.created), "none is lost"
    calls = Counter(call["headers"]["idempotency-key"] for call in calls_of(project))
    assert [key for key, count in calls.items() if count > 1] == [], "none is doubled"
    assert len(calls) == schedule_count(project)
    assert "accounted for" in project.manage("audit")


def update(project: Project) -> None:
    """As documented, in the later checkout."""
    files = "COMPOSE_FILE=docker-compose.yml:build.yml"
    ended = project.engine.run("env", files, "sh", UPDATE, folder=f"/share/{NAME}", timeout=900)
    assert ended.returncode == 0, ended.stdout[-4000:]


def make_later(project: Project) -> None:
    """The checkout becomes the later one."""
    [(_, leaf)] = MigrationLoader(None).graph.leaf_nodes("schedules")
    file = project.folder / "pyproject.toml"
    file.write_text(file.read_text().replace(f'version = "{VERSION}"', f'version = "{LATER}"', 1))
    (project.folder / "schedules/migrations/9999_later.py").write_text(MIGRATION.format(leaf=leaf))


def start_new_worker_on_old_tables(project: Project, api: httpx2.Client) -> None:
    project.done("up", "--detach", "--no-deps", "--no-recreate", "--wait", "--scale", "worker=2", "worker")
    assert versions(project) == {VERSION, LATER}
    unmigrated = project.compose("run", "--rm", "-T", "migrate", "python", "manage.py", "migrate", "--check")
    assert unmigrated.returncode != 0
    assert api.get("/readyz").json()["status"] == "ok"


def versions(project: Project) -> set[str]:
    """Of all beats and workers that live; one that was killed leaves its row for a while."""
    alive = "ProcessRegistration.objects.alive(database_now())"
    return set(asked(project, f"print(*{alive}.values_list('version', flat=True))").split())


def runs(project: Project) -> Counter[str]:
    """The states of the runs of the schedules under load."""
    rows = f"Run.objects.filter(schedule__agent__key='{AGENTS}').values_list('state', flat=True)"
    return Counter(asked(project, f"print(*{rows})").split())


def schedule_count(project: Project) -> int:
    return int(asked(project, f"print(Schedule.objects.filter(agent__key='{AGENTS}').count())"))


def asked(project: Project, code: str) -> str:
    """What this prints in a container of the service."""
    models = "from schedules.models import ProcessRegistration, Run, Schedule"
    clock = "from schedules.database.clock import database_now"
    return project.manage("shell", "-v0", "-c", f"{models}; {clock}; {code}")


@contextmanager
def agents(project: Project) -> Iterator[None]:
    """An agent server in a container of its own, and the agent. Its log stays in the shared folder."""
    log = project.engine.share / "agents"
    log.mkdir()
    started = project.engine.run(
        *("docker", "run", "--detach", "--name", AGENTS, "--network", "agent-schedules_outside"),
        *("-v", f"/share/{NAME}/tests/agent_server.py:/agent_server.py:ro", "-v", "/share/agents:/log"),
        "python:3.13-slim",
        *("python", "/agent_server.py", "--host=0.0.0.0", "--port=9000", "--log=/log/calls.jsonl"),
    )
    assert started.returncode == 0, started.stdout
    project.manage("create_agent", AGENTS, "--workspace=containers", f"--url=http://{AGENTS}:9000")
    try:
        yield
    finally:
        project.engine.run("docker", "rm", "--force", AGENTS)


def calls_of(project: Project) -> list[dict[str, Any]]:
    """What the agents were asked."""
    lines = (project.engine.share / "agents/calls.jsonl").read_text().splitlines()
    return [entry for entry in map(json.loads, lines) if entry.get("method") == "POST"]


@contextmanager
def watched_beats(project: Project) -> Iterator[list[int]]:
    """How many beats ran, each time somebody looked."""
    counts: list[int] = []
    is_over = threading.Event()

    def look_on() -> None:
        filters = (
            "--filter=label=com.docker.compose.service=beat",
            "--filter=status=running",
        )
        while not is_over.wait(1):
            counts.append(len(project.engine.run("docker", "ps", "--quiet", *filters).stdout.split()))

    thread = threading.Thread(target=look_on)
    thread.start()
    try:
        yield counts
    finally:
        is_over.set()
        thread.join()
