"""The version: pyproject.toml says it, and whoever looks at the service sees that one."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import structlog
from django.test import Client
from django.urls import reverse

from orqsite.logs import configure_logs
from schedules.version import VERSION
from tests.api.caller import Caller, document

ROOT = Path(__file__).resolve().parents[2]
BARE = {"PATH": os.environ["PATH"], "ORQ_BOOTSTRAP": "off"}


def version_said_by(tree: Path, *options: str) -> str:
    """What `manage.py --version` prints in a tree; nothing but Python is there for it."""
    command = [sys.executable, *options, "manage.py", "--version"]
    return subprocess.check_output(command, cwd=tree, env=BARE, text=True, timeout=30)


def test_the_version_is_the_one_of_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert project["version"] == VERSION


def test_the_command_line_says_it_before_anything_is_installed() -> None:
    without_packages = "-S"

    assert version_said_by(ROOT, without_packages) == f"Agent Schedules {VERSION}\n"


def test_the_image_knows_it_too(tmp_path: Path) -> None:
    copies = re.findall(r"^COPY (.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    for *sources, target in map(shlex.split, copies):
        for source in sources:
            _copy(ROOT / source, tmp_path / target)

    assert version_said_by(tmp_path) == f"Agent Schedules {VERSION}\n"


def test_another_version_of_pyproject_is_another_version_everywhere(tmp_path: Path) -> None:
    shutil.copy(ROOT / "manage.py", tmp_path)
    shutil.copytree(ROOT / "schedules", tmp_path / "schedules")
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "47.11"\n')

    assert version_said_by(tmp_path) == "Agent Schedules 47.11\n"


def test_the_description_of_the_api_says_it() -> None:
    assert document(Caller().get("/openapi.json"))["info"]["version"] == VERSION


@pytest.mark.django_db
def test_every_page_of_the_console_says_it(admin_client: Client) -> None:
    for page in ("index", "schedules_run_changelist"):
        shown = admin_client.get(reverse(f"admin:{page}")).content.decode()

        assert f"Operator console {VERSION}" in shown


def test_every_line_of_the_log_for_machines_says_it(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO", "json")

    structlog.get_logger("schedules.test").info("run.claimed")

    assert f'"version": "{VERSION}"' in capsys.readouterr().err


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        target = target if target.name == source.name else target / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
