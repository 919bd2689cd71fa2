"""A runtime in a package of somebody else's works without a change here, and a broken one stops nobody."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from workers.runtimes import runtime_names

ROOT = Path(__file__).parents[3]
STRANGER = Path(__file__).parent / "stranger"

LISTING = """
import json
from workers.runtimes import runtimes
print(json.dumps({runtime.name: type(runtime).__module__ for runtime in runtimes()}))
"""

SPECS = """
import django; django.setup()
from schedules import agent_runtimes
from schedules.errors import InvalidRequest
print(dict(agent_runtimes.choices())["parrot"])
try:
    picture = {"role": "user", "content": [{"type": "input_image", "image_url": "data:x"}]}
    agent_runtimes.check_payload("parrot", {"input": [picture]})
except InvalidRequest as refused:
    print(refused.param, refused)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the stranger's package installed, from its sources and without a network."""
    folder = tmp_path_factory.mktemp("site")
    uv = Path(sys.executable).with_name("uv")
    options = ["--offline", "--no-index", "--no-deps", "--no-cache", "--python", sys.executable]
    install = [str(uv), "pip", "install", *options, "--target", str(folder), str(STRANGER)]
    subprocess.run(install, check=True, capture_output=True, text=True, timeout=60)
    return folder


def python(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python of the service that finds the packages in the folder as well."""
    environment = {**os.environ, "PYTHONPATH": str(site), "DJANGO_SETTINGS_MODULE": "orqsite.settings"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=180
    )


def test_a_strangers_runtime_is_found_beside_ours(site: Path) -> None:
    done = python(site, "-c", LISTING)

    assert done.returncode == 0, done.stderr
    modules = json.loads(done.stdout.splitlines()[-1])
    assert sorted(modules) == sorted([*runtime_names(), "parrot"])
    assert modules["parrot"] == "parrot_runtime"
    assert modules["echo"] == "workers.runtimes.echo", "ours come first"


def test_each_runtime_that_cannot_be_used_is_reported_with_its_name_and_error(site: Path) -> None:
    done = python(site, "-c", LISTING)

    output = done.stdout + done.stderr
    reports = [line for line in output.splitlines() if "runtime.unusable" in line]
    assert len(reports) == 7
    for name, error in {
        "broken": "RuntimeError: no feathers here",
        "leaving": "SystemExit: gone",
        "missing": "AttributeError: .*NobodyRuntime",
        "nameless": "a name of 1 to 20 characters",
        "needless": "says what it needs",
        "idle": "has the methods check and call",
        "usurper": "there is a runtime 'echo' already",
    }.items():
        assert [line for line in reports if name in line and re.search(error, line)], (name, reports)


def test_the_domain_offers_it_and_asks_it_at_save(site: Path) -> None:
    done = python(site, "-c", SPECS)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == ["Parrot", "payload.input a parrot sees no pictures"]


def test_it_is_held_to_what_every_runtime_promises(site: Path) -> None:
    suites = ["tests/workers/runtimes/test_conformance.py", "tests/workers/runtimes/test_requests.py"]

    done = python(site, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "parrot", *suites)

    assert done.returncode == 0, done.stdout
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed
    assert int(passed[1]) > 40, done.stdout
    assert "skipped" not in done.stdout
