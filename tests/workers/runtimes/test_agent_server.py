"""The agent server of the tests, as a process of its own."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workers.runtimes.factories import make_call, make_endpoint, never
from workers.runtimes import CallFailed, runtime_for

ROOT = Path(__file__).parents[3]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "calls.jsonl"


@pytest.fixture
def url(log: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.agent_server", "--port", "0", "--log", str(log)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    process.terminate()
    assert process.wait(10) == 0


def test_it_is_scripted_over_http_and_logs_every_call(url: str, log: Path) -> None:
    script = {"agent": "digest", "behaviours": [{"status": 503}, {}]}
    urllib.request.urlopen(f"{url}/_script", json.dumps(script).encode()).read()

    with pytest.raises(CallFailed, match="HTTP 503"):
        runtime_for("responses").call(make_call(attempt=1), make_endpoint(url), never)
    runtime_for("responses").call(make_call(attempt=2), make_endpoint(url), never)

    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert [entry["headers"]["x-run-attempt"] for entry in entries] == ["1", "2"]
    assert [entry["body"]["model"] for entry in entries] == ["agent/digest"] * 2
    assert json.load(urllib.request.urlopen(f"{url}/_calls")) == entries


def test_one_request_can_bring_its_own_behaviour(url: str) -> None:
    call = make_call(metadata={"behaviour": {"outcome": "failed", "error": {"code": "quota"}}})

    with pytest.raises(CallFailed, match="quota"):
        runtime_for("responses").call(call, make_endpoint(url), never)
