"""Redocly and Spectral, with the rules they recommend, have nothing to say about /openapi.json: no warning either."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from tests.api.caller import Caller, document
from tests.environments import npm_in

pytestmark = pytest.mark.node

PACKAGES: Final = ("@redocly/cli@2.77.0", "@stoplight/spectral-cli@6.16.3")
QUIET: Final = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
LINTERS: Final = {
    "redocly": ("redocly", "lint", "--extends=recommended-strict", "openapi.json"),
    # `hint`: the mildest thing it can say is one too many.
    "spectral": ("spectral", "lint", "--ruleset=spectral.json", "--fail-severity=hint", "openapi.json"),
}


@pytest.fixture(scope="module")
def programs() -> Path:
    """Where npm has put the linters."""
    try:
        return npm_in("openapi-linters", PACKAGES)
    except RuntimeError as reason:
        pytest.fail(str(reason), pytrace=False)


@pytest.fixture
def described() -> Any:
    """/openapi.json, as anybody gets it."""
    return document(Caller().get("/openapi.json"))


def lint(programs: Path, linter: str, description: Any, folder: Path) -> tuple[int, str]:
    """The linter's exit code, and all it printed."""
    (folder / "openapi.json").write_text(json.dumps(description, indent=1))
    (folder / "spectral.json").write_text('{"extends": "spectral:oas"}')
    program, *arguments = LINTERS[linter]
    done = subprocess.run(
        [str(programs / program), *arguments],
        cwd=folder,
        env=os.environ | QUIET,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("linter", LINTERS)
def test_the_linter_has_nothing_to_say(programs: Path, linter: str, described: Any, tmp_path: Path) -> None:
    status, output = lint(programs, linter, described, tmp_path)

    assert status == 0, output


@pytest.mark.parametrize("linter", LINTERS)
def test_the_linter_would_notice(programs: Path, linter: str, described: Any, tmp_path: Path) -> None:
    del described["servers"]

    status, output = lint(programs, linter, described, tmp_path)

    assert status == 1, output
    assert "servers" in output
