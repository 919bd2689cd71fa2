"""The gate: format, lint, types, import contracts, dependencies, migrations, deploy checks and the tests.

`manage.py test` runs all of it; every step runs even when an earlier one failed. Six runs of pytest come three at a
time. `manage.py test --fast` leaves out the tests with real processes and the second database. With pytest's own
arguments, only pytest runs; what takes long is a lane, an option of its own (tests/lanes.py). The last line sums the
tests up: `N passed, N failed`.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tests import lanes, on_sqlite, pytest_runs, with_processes
from tests.lanes import lane
from tests.pytest_runs import Outcome, Run, Tally, say
from tests.selection import within, without

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
TOOLS = Path(PYTHON).parent
STEPS: Mapping[str, Sequence[str]] = {
    # The longest first: it runs beside all others.
    "types (mypy)": (PYTHON, "-m", "mypy", "."),
    "format (ruff)": (PYTHON, "-m", "ruff", "format", "--check", "."),
    "lint (ruff)": (PYTHON, "-m", "ruff", "check", "."),
    "import contracts": (str(TOOLS / "lint-imports"),),
    "dependencies (deptry)": (PYTHON, "-m", "deptry", "."),
    "missing migrations": (PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"),
    "deploy checks": (PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"),
}
WITHOUT_PROCESSES = ("-m", "not processes")
FACES = ("api", "canaries", "commands", "console", "doors", "specification")
"""What people and programs meet: half of the work, so that each of two cores has one."""

WITHOUT_FACES = Run("tests on PostgreSQL", (*without(FACES), *WITHOUT_PROCESSES))
WITH_FACES = Run("tests on PostgreSQL, the faces", (*within(FACES), *WITHOUT_PROCESSES))
WITH_PROCESSES, AT_THE_EDGES, WITH_CLIENTS = with_processes.JOB, with_processes.EDGES, with_processes.CLIENTS
ON_SQLITE = on_sqlite.OF_THE_GATE
SIDE_BY_SIDE = (WITHOUT_FACES, WITH_PROCESSES, AT_THE_EDGES, WITH_FACES, WITH_CLIENTS, ON_SQLITE)
"""Each test once, by its folder and marks, and on SQLite some again. What waits most begins first."""


def gate(arguments: Sequence[str]) -> int:
    """Run what the arguments ask for; 0 when everything passed."""
    os.chdir(ROOT)
    if arguments and arguments[0] in ("--help", "-h"):
        print(f"{__doc__}\n{lanes.__doc__}")
        return 0
    if (named := lane(arguments)) is not None:
        return named()
    is_fast = "--fast" in arguments
    chosen = [argument for argument in arguments if argument != "--fast"]
    if chosen:
        options = (*chosen, *(WITHOUT_PROCESSES if is_fast else ()))
        return _close([pytest_runs.one(Run("tests", options))])
    started = time.monotonic()
    is_clean = _run_steps()
    outcomes = _run_tests(*((WITHOUT_FACES, WITH_FACES) if is_fast else SIDE_BY_SIDE))
    is_passed = is_clean and all(outcome.is_passed for outcome in outcomes)
    say(is_passed, "the fast gate" if is_fast else "the whole gate", time.monotonic() - started)
    return _close(outcomes) or int(not is_clean)


def _run_tests(*runs: Run) -> list[Outcome]:
    """Beside each other, unless they would share a server: each empties its databases."""
    if any(os.environ.get(name) for name in ("DATABASE_URL", "REDIS_URL")):
        return [pytest_runs.one(run) for run in runs]
    return pytest_runs.beside(*runs)


def _close(outcomes: Sequence[Outcome]) -> int:
    """Print the closing line; the exit code of the tests."""
    print(sum((outcome.tally for outcome in outcomes), Tally()), flush=True)
    return 0 if all(outcome.is_passed for outcome in outcomes) else 1


def _run_steps() -> bool:
    """All checks without tests, two at a time; each is reported when it is done, with its output if it failed."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(max_workers=2) as pool:
        env = os.environ | _production_like(Path(folder))
        return all(list(pool.map(partial(_run_step, env), STEPS)))


def _production_like(folder: Path) -> dict[str, str]:
    """The environment of a deployment, so that the deploy checks judge what will run."""
    return {
        "ORQ_DATA_DIR": str(folder),
        "ORQ_HTTPS": "true",
        "ORQ_ALLOWED_HOSTS": "schedules.example.org",
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
    }


def _run_step(env: Mapping[str, str], name: str) -> bool:
    started = time.monotonic()
    done = subprocess.run(STEPS[name], env=env, capture_output=True, text=True, check=False)
    output = "" if done.returncode == 0 else f"{done.stdout}{done.stderr}".rstrip()
    say(done.returncode == 0, name, time.monotonic() - started, output)
    return done.returncode == 0
