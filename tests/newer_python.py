"""The console's tests on a newer Python than 3.11, where another version of Unfold is installed."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tests.environments import ROOT, python_in

NEWER: Final = ("3.14", "3.13", "3.12")
NONE_FOUND: Final = (
    f"No Python of {', '.join(NEWER)} is on the path or among pyenv's: the console's tests were run with Unfold 0.91 "
    "only. Install one of them to run them with Unfold 0.110 as well."
)


def run(arguments: Sequence[str]) -> int:
    """Run them; 0 with a sentence where no such Python is found."""
    found = next(newer_pythons(), None)
    if found is None:
        print(NONE_FOUND)
        return 0
    python = python_in(f"newer-{_version(found)}", "dev", found)
    print(f"Python {_version(python)}, Unfold {_unfold(python)}", flush=True)
    command = [str(python), "-m", "pytest", "tests/console", "tests/doors/test_browser.py", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def newer_pythons() -> Iterator[Path]:
    """Those that start, the newest first."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for version in NEWER:
        on_path = shutil.which(f"python{version}")
        others = sorted(pyenv.glob(f"{version}.*/bin/python{version}"), reverse=True)
        for candidate in [*([Path(on_path)] if on_path else []), *others]:
            if _version(candidate) == version:
                yield candidate


def _version(python: Path) -> str:
    """`3.13`; empty for what does not start, as a shim of pyenv without that version."""
    asked = [str(python), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return said if re.fullmatch(r"3\.[0-9]+", said) else ""


def _unfold(python: Path) -> str:
    asked = [str(python), "-c", "from importlib.metadata import version; print(version('django-unfold'))"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
