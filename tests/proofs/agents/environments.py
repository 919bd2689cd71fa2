"""Environments of agent servers, one each: no package of theirs meets one of the project's."""

import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Final

from tests.environments import alone, python_in

PROGRAMS: Final = Path(__file__).resolve().parent / "programs"


def python_of(server: str) -> Path:
    """The Python that has exactly the locked packages of `server`; its environment is made when it is not so."""
    return python_in(f"agents/{server}", f"agents-{server}")


def script_of(package: str) -> Path:
    """The JavaScript program of `programs/<package>`, beside exactly the packages of its lock. Needs npm."""
    source = PROGRAMS / package
    environment = Path(sys.prefix) / "agents" / package
    stamp, expected = environment / "stamp", _content_hash(source)
    with alone(environment.parent):
        if not (stamp.is_file() and stamp.read_text() == expected):
            shutil.rmtree(environment, ignore_errors=True)
            shutil.copytree(source, environment)
            _install(environment)
            stamp.write_text(expected)
    return environment / "program.mjs"


def _content_hash(folder: Path) -> str:
    return sha256(b"\0".join(path.read_bytes() for path in sorted(folder.glob("*.*")))).hexdigest()


def _install(folder: Path) -> None:
    """No script of any package runs: the programs need none."""
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError(f"The environment {folder.name} needs Node.js with npm (20 or later).")
    done = subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(
            f"Could not make the environment {folder.name}: npm ci\n{done.stdout}{done.stderr}"
        )
