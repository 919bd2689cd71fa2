"""The version: pyproject.toml says it, and everything else asks `schedules.version`."""

import tomllib
from pathlib import Path

from schedules.version import VERSION

ROOT = Path(__file__).resolve().parents[2]


def test_the_version_is_the_one_of_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert project["version"] == VERSION
