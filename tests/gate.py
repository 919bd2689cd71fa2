"""The gate: format, lint, types, import contracts, dependencies, migrations, deploy checks and the tests.

`manage.py test` runs all of it; every step runs even when an earlier one failed. `manage.py test --fast` leaves
out what takes long (tests with real processes, the second database). With pytest's own arguments, only pytest
runs; the long lanes are options of their own (tests/lanes.py). The last line sums the tests up: `N passed, N failed`.
"""

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.lanes import lane

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
STOP_SECONDS = 20.0
WITHOUT_PROCESSES = ("-m", "not processes")
BOTH_DATABASES = (
    "schedules",
    "api",
    "workers",
    "races",
    "proofs/model",
    "console",
    "commands",
    "embedded/test_servers.py",
    "embedded/test_demo.py",
)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many tests passed, failed (errors too) and were skipped."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


def gate(arguments: Sequence[str]) -> int:
    """Run what the arguments ask for; 0 when everything passed."""
    os.chdir(ROOT)
    if (named := lane(arguments)) is not None:
        return named()
    is_fast = "--fast" in arguments
    chosen = [argument for argument in arguments if argument != "--fast"]
    if chosen:
        return _close([_run_pytest("tests", [*chosen, *(WITHOUT_PROCESSES if is_fast else ())])])
    started = time.monotonic()
    is_clean = _run_steps()
    lanes = [_run_pytest(*lane) for lane in _lanes(is_fast=is_fast)]
    _say(is_clean and all(lane.is_passed for lane in lanes), "the whole gate", started)
    return _close(lanes) or int(not is_clean)


def _close(lanes: "Sequence[Lane]") -> int:
    """Print the closing line; the exit code of the tests."""
    print(sum((lane.tally for lane in lanes), Tally()), flush=True)
    return 0 if all(lane.is_passed for lane in lanes) else 1


def _lanes(*, is_fast: bool) -> list[tuple[str, Sequence[str], Mapping[str, str]]]:
    """The runs of pytest: name, options, environment."""
    if is_fast:
        return [("tests on PostgreSQL, without processes", WITHOUT_PROCESSES, {})]
    paths = [f"tests/{name}" for name in BOTH_DATABASES if (ROOT / "tests" / name).exists()]
    portable = [*paths, "-m", "not postgresql and not processes"]
    return [
        ("tests on PostgreSQL", [], {}),
        ("tests on SQLite", portable, {"ORQ_TEST_DATABASE": "sqlite"}),
    ]


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
    _say(done.returncode == 0, name, started, output)
    return done.returncode == 0


@dataclass(frozen=True, slots=True)
class Lane:
    """One run of pytest that is over."""

    is_passed: bool
    tally: Tally


def _run_pytest(name: str, options: Sequence[str], env: Mapping[str, str] | None = None) -> Lane:
    """Run pytest with its output shown as it comes."""
    print(f"… {name}", flush=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = (PYTHON, "-m", "pytest", f"--junitxml={report}", *options)
        status = _run_live(command, os.environ | (env or {}))
        tally = _tally(report)
    if status and not tally.failed:
        tally += Tally(failed=1)  # pytest itself failed, or ran no test
    _say(status == 0, name, started)
    return Lane(status == 0, tally)


def _run_live(command: Sequence[str], env: Mapping[str, str]) -> int:
    with subprocess.Popen(command, env=env) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:  # pytest got it too: let it stop its servers
            process.wait(STOP_SECONDS)
            raise


def _tally(report: Path) -> Tally:
    if not report.exists():
        return Tally()
    suites = [suite.attrib for suite in ET.parse(report).iter("testsuite")]  # noqa: S314
    total, failures, errors, skipped = (
        sum(int(suite[field]) for suite in suites) for field in ("tests", "failures", "errors", "skipped")
    )
    return Tally(total - failures - errors - skipped, failures + errors, skipped)


def _say(is_passed: bool, name: str, started: float, output: str = "") -> None:
    """One line for one step, in one write: steps run beside each other."""
    mark = "✓" if is_passed else "✗"
    line = f"{mark} {name:<40} {time.monotonic() - started:6.1f} s\n"
    sys.stdout.write(line + "".join(f"    {each}\n" for each in output.splitlines()))
    sys.stdout.flush()
