"""The image can be built for arm64 as well: for each locked package there is a wheel that its hash knows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from orqsite.embedded.bootstrap import tool_environment
from tests.deployment.compose import ROOT

pytestmark = pytest.mark.containers

MACHINES = ("x86_64", "aarch64")


@pytest.mark.parametrize("machine", MACHINES)
def test_each_locked_package_has_a_wheel(tmp_path: Path, machine: str) -> None:
    uv = Path(sys.executable).with_name("uv")
    options = ("--dry-run", "--only-binary", ":all:", "--require-hashes", "--target", str(tmp_path))
    platform = ("--python-version", "3.13", "--python-platform", f"{machine}-manylinux_2_28")

    done = subprocess.run(
        [str(uv), "pip", "install", *options, *platform, "-r", str(ROOT / "requirements/run.txt")],
        env=tool_environment(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, f"the package index was not reached, or has no wheel:\n{done.stderr}"
    assert set(re.findall(r"^ \+ (\S+?)==", done.stderr, re.MULTILINE)) == wanted()


def wanted() -> set[str]:
    """What the lock has for Linux."""
    lines = re.findall(r"^\S+==.*?(?= \\$)", (ROOT / "requirements/run.txt").read_text(), re.MULTILINE)
    required = [Requirement(line) for line in lines]
    return {each.name for each in required if each.marker is None or each.marker.evaluate()}
