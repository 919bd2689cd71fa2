"""The README's five requests, pasted in order into a shell beside a fresh `up`, get the answers it says."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orqsite.embedded.ports import free_port
from schedules.models import TRIGGER_DELAY
from tests.docs.pages import ROOT, blocks, section
from tests.waiting import wait_for

REQUESTS = section("README.md", "Five requests")
STATUSES = [int(status) for status in re.findall(r"^\*\*\d\. .*answer is `(\d+)`", REQUESTS, re.MULTILINE)]
SHOW_STATUSES = 'curl() { command curl --write-out "%{stderr}%{http_code}\\n" "$@"; }\n'
PAUSE = "sleep 15\n"
UNTIL_BOTH_RAN = """
for schedule in $SCHEDULE $ONCE; do
  until command curl -sS "$schedule/runs" -H "$AUTH" | grep -q succeeded; do sleep 0.2; done
done
"""
"""Instead of the reader's pause: a busy machine may need longer, an idle one less."""

pytestmark = pytest.mark.processes


@dataclass(frozen=True, slots=True)
class Pasted:
    """What the shell printed: the answers, and their statuses."""

    answers: list[Any]
    statuses: list[int]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the reader stands; the data of the service is in its `var`."""
    return tmp_path_factory.mktemp("reader")


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[int]:
    """The port of a fresh service with its demo."""
    port, output = free_port(), folder / "output"
    own = {"ORQ_DATA_DIR": str(folder / "var"), "DATABASE_URL": "", "REDIS_URL": "", "ORQ_BOOTSTRAP": "off"}
    command = [sys.executable, "manage.py", "up", "--port", str(port)]
    with (
        output.open("w") as file,
        subprocess.Popen(command, cwd=ROOT, env=os.environ | own, stdout=file) as process,
    ):
        try:
            wait_for(lambda: "Running at " in output.read_text(), 120, "the service")
            yield port
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def pasted(folder: Path, port: int) -> Pasted:
    """All blocks of the section, in order, in one shell that stops at the first failure."""
    if not (shutil.which("bash") and shutil.which("curl")):
        pytest.skip("needs bash and curl")
    text = "".join(blocks(REQUESTS, "bash")).replace(":8000/", f":{port}/").replace(PAUSE, UNTIL_BOTH_RAN)
    command = ["bash", "-euc", SHOW_STATUSES + text]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=120)
    return Pasted(list(documents(done.stdout)), [int(line) for line in done.stderr.split()])


def documents(text: str) -> Iterator[Any]:
    """The JSON documents that stand one behind the other."""
    while text := text.lstrip():
        document, end = json.JSONDecoder().raw_decode(text)
        yield document
        text = text[end:]


def test_there_are_five_and_they_get_the_statuses_it_says(pasted: Pasted) -> None:
    assert len(STATUSES) == 5
    assert pasted.statuses == STATUSES


def test_the_secret_of_the_first_comes_back_masked(pasted: Pasted) -> None:
    created = pasted.answers[0]

    assert created["payload"]["variables"]["token"] == {"secret": True, "value": "********"}


def test_the_run_now_is_listed_with_what_the_agent_said(pasted: Pasted) -> None:
    [run] = pasted.answers[3]["runs"]

    assert (run["trigger"], run["state"]) == ("manual", "succeeded")
    assert run["output_text"] == "Write the morning briefing for EMEA"


def test_the_explanation_shows_a_run_as_the_readme_does(pasted: Pasted) -> None:
    [shown] = [json.loads(block) for block in blocks(REQUESTS, "json")]

    explained = pasted.answers[4]

    assert list(explained) == list(shown)
    assert list(explained["run"]) == list(shown["run"])
    assert (explained["outcome"], explained["run"]["state"]) == (shown["outcome"], shown["run"]["state"])
    assert re.sub(r"[\d.:-]+", "", explained["words"]) == re.sub(r"[\d.:-]+", "", shown["words"])


def test_the_readers_pause_is_longer_than_a_run_now_waits() -> None:
    assert PAUSE in REQUESTS
    assert int(PAUSE.split()[1]) > TRIGGER_DELAY.total_seconds()
