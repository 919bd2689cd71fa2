"""A worker that has used up its descriptors once works again when they are free."""

import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.agent_server import AgentServer, Behaviour
from tests.processes.databases import ROOT, migrated_database
from tests.processes.service import WORKER, Service, document
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.postgresql]

LIMIT = 80
THREADS = 120

EXHAUSTED = """
import codecs, os, resource, sys
if sys.argv[1] == "touched":
    from orqsite.starting import touch_codecs
    touch_codecs()
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
taken = []

def take_all(event, arguments):
    # Other threads do this in the middle of an import.
    if event == "import" and arguments[0] == "unicodedata" and is_crowded:
        try:
            while True:
                taken.append(os.open("/dev/null", os.O_RDONLY))
        except OSError:
            pass

def is_there():
    try:
        return bool(codecs.lookup("idna"))
    except LookupError:
        return False

is_crowded = True
sys.addaudithook(take_all)
try:
    is_there()
except OSError:
    pass
for descriptor in taken:
    os.close(descriptor)
is_crowded = False
print(is_there())
"""


def is_resolved(kind: str) -> bool:
    """Whether a process that ran out of descriptors while it first resolved a host name can do so afterwards."""
    command = [sys.executable, "-c", EXHAUSTED, kind]
    return subprocess.check_output(command, cwd=ROOT, text=True).strip() == "True"


def test_a_codec_that_was_touched_is_there_whatever_happens() -> None:
    assert is_resolved("touched")


@pytest.mark.skipif(
    getattr(unicodedata, "__file__", None) is None, reason="this Python reads no file for the codec idna"
)
def test_one_that_was_not_touched_stays_unknown() -> None:
    """Why they are touched: Python remembers for good that it did not find one."""
    assert not is_resolved("untouched")


@pytest.fixture
def agent() -> Iterator[AgentServer]:
    with AgentServer() as server:
        yield server


@pytest.fixture
def service(tmp_path: Path, agent: AgentServer, valkey_url: str) -> Iterator[Service]:
    """Web, beat and a worker with more threads than descriptors."""
    service = Service(tmp_path, migrated_database("postgresql", tmp_path), valkey_url)
    service.environment["ORQ_WORKER_THREADS"] = str(THREADS)
    with service:
        service.children["worker"].stop(20)
        limited = f'ulimit -n {LIMIT}; exec "$@"'
        service.start("limited", *_under(limited, WORKER))
        wait_for(lambda: " ready" in service.log("limited"), 60)
        service.create_agent("digest", agent.url)
        yield service


def _under(script: str, arguments: tuple[str, ...]) -> list[str]:
    """What Service.start runs with our Python, begun by a shell."""
    run = "import os, sys; os.execv('/bin/sh', ['/bin/sh', '-c', sys.argv[1], 'sh', sys.executable, *sys.argv[2:]])"
    return ["-c", run, script, *arguments]


@pytest.fixture
def valkey_url(start_valkey: Any) -> str:
    url: str = start_valkey().url
    return url


@pytest.mark.long
def test_a_herd_beyond_the_descriptors_passes_and_the_next_run_succeeds(
    service: Service, agent: AgentServer
) -> None:
    assert "worker.too_few_descriptors" in service.log("limited")
    agent.script("digest", *[Behaviour(delay=4)] * 2 * THREADS, Behaviour())
    with service.client(service.token) as client:
        for _ in range(THREADS):
            create(client, timedelta(seconds=25))
        wait_for(lambda: "Too many open files" in everything(service), 90, "descriptors to run out")
        last = create(client, timedelta(seconds=20))

        run = wait_for(lambda: ended(client, last), 120, "the last run")

    assert run["state"] == "succeeded", run
    assert service.children["limited"].is_alive


def create(client: httpx2.Client, later: timedelta) -> str:
    """A schedule that fires once, so much later; its id."""
    at = f"{datetime.now(UTC) + later:%Y-%m-%dT%H:%M:%SZ}"
    body = {"type": "once", "expression": f"@at {at}", "payload": {"input": "hello"}}
    return str(document(client.post("/v3/agents/digest/schedules", json=body), 201)["_id"])


def everything(service: Service) -> str:
    """What the worker and its runs say went wrong."""
    return service.log("limited")


def ended(client: httpx2.Client, schedule: str) -> Any:
    """The schedule's run when it has ended."""
    runs = document(client.get(f"/v3/agents/digest/schedules/{schedule}/runs"), 200)["runs"]
    return next((run for run in runs if run["state"] in ("succeeded", "failed")), None)
