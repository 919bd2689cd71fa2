"""Servers from Debian's packages, unpacked into a folder beside the environments and never installed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.environments import alone


def unpacked(*packages: str) -> Path:
    """The root with the files of these packages; fetched the first time, which needs a mirror.

    RuntimeError with what went wrong.
    """
    folder = Path(sys.prefix) / "debian" / packages[0]
    stamp, expected = folder / "stamp", " ".join(packages)
    folder.parent.mkdir(exist_ok=True)
    with alone(folder.parent):
        if not (stamp.is_file() and stamp.read_text() == expected):
            shutil.rmtree(folder, ignore_errors=True)
            _unpack(packages, folder)
            stamp.write_text(expected)
    return folder


def with_libraries(root: Path) -> dict[str, str]:
    """The environment in which a program of this root finds its libraries."""
    libraries = ":".join(str(path) for path in sorted(root.glob("usr/lib/*-linux-gnu")))
    return {**os.environ, "LD_LIBRARY_PATH": libraries}


def _unpack(packages: Sequence[str], folder: Path) -> None:
    archives = folder / "archives"
    archives.mkdir(parents=True)
    _ran(["apt-get", "download", "-qq", *packages], archives)
    for archive in archives.glob("*.deb"):
        _ran(["dpkg-deb", "-x", str(archive), str(folder)], archives)
    shutil.rmtree(archives)


def _ran(command: Sequence[str], folder: Path) -> None:
    if shutil.which(command[0]) is None:
        raise RuntimeError(f"This takes a server out of Debian's packages, which needs {command[0]}.")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr}")
