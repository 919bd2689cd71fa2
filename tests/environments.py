"""Environments beside the project's own, for programs whose packages must not meet its packages."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from orqsite.embedded.bootstrap import tool_environment

ROOT = Path(__file__).resolve().parents[1]


def python_in(folder: str, requirements: str, of: Path | None = None) -> Path:
    """The Python of `.venv/<folder>`, which has exactly the packages locked in `requirements/<requirements>.txt`.

    `of`: the Python it is made from, None for this one. The environment is made when it is not so. The stamp is
    written last: an interrupted start heals itself, as with the project's own environment.
    """
    locked = ROOT / "requirements" / f"{requirements}.txt"
    environment = Path(sys.prefix) / folder
    python, stamp = environment / "bin" / "python", environment / "stamp"
    expected = sha256(locked.read_bytes()).hexdigest()
    with alone(environment.parent):
        if not (os.access(python, os.X_OK) and stamp.is_file() and stamp.read_text() == expected):
            shutil.rmtree(environment, ignore_errors=True)
            _uv("venv", "--python", str(of or sys.executable), str(environment))
            _uv("pip", "sync", "--require-hashes", "--python", str(python), str(locked))
            stamp.write_text(expected)
    return python


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the lock on the folder: two test sessions must not make the same environment."""
    folder.mkdir(exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _uv(*arguments: str) -> None:
    uv = Path(sys.executable).with_name("uv")
    _ran(f"uv {arguments[0]}", [str(uv), *arguments, "--quiet"])


def _ran(what: str, command: Sequence[str]) -> None:
    environment = tool_environment(os.environ)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"Could not make an environment: {what}\n{done.stderr}")


def npm_in(folder: str, packages: Sequence[str]) -> Path:
    """The programs of `.venv/<folder>`, which has the named packages of npm (`name@version`) and what they need.

    It is made when it has others. Raises RuntimeError when Node or npm is not there, or npm fails.
    """
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise RuntimeError("This needs Node (20.19 or newer) and npm on the path.")
    place = Path(sys.prefix) / folder
    stamp, expected = place / "stamp", " ".join(packages)
    with alone(place.parent):
        if not (stamp.is_file() and stamp.read_text() == expected):
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            quiet = ("--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
            _ran("npm install", [npm, "install", *quiet, "--prefix", str(place), *packages])
            stamp.write_text(expected)
    return place / "node_modules" / ".bin"
