"""Runs of pytest, one after the other or three beside each other, and what they add up to.

Each run has servers of its own (tests/servers/plugin.py). Of those beside each other the first is shown as it goes;
the output of each other one is kept until it is over and the first one is too, so that no two are mixed.
"""

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

STOP_SECONDS = 20.0
AT_ONCE = 3
"""Tests with processes wait more than they work."""


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


@dataclass(frozen=True, slots=True)
class Run:
    """What to run, under which name."""

    name: str
    options: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run that is over."""

    is_passed: bool
    tally: Tally


def one(run: Run) -> Outcome:
    """Run it and show its output as it comes."""
    print(f"… {run.name}", flush=True)
    outcome, seconds = _timed(run, None)
    say(outcome.is_passed, run.name, seconds)
    return outcome


def beside(first: Run, *others: Run) -> list[Outcome]:
    """Run all, three at a time: the first is shown as it goes, then the others, each when it is over."""
    with ThreadPoolExecutor(AT_ONCE - 1) as pool, tempfile.TemporaryDirectory() as folder:
        outputs = [Path(folder, str(number)) for number in range(len(others))]
        waiting = [pool.submit(_kept, run, output) for run, output in zip(others, outputs, strict=True)]
        try:
            print(f"(beside what follows, and shown after it: {', '.join(run.name for run in others)})")
            outcomes = [one(first)]
            for run, output, future in zip(others, outputs, waiting, strict=True):
                outcome, seconds = future.result()
                print(f"… {run.name}\n{output.read_text(errors='replace')}", end="", flush=True)
                say(outcome.is_passed, run.name, seconds)
                outcomes.append(outcome)
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise
    return outcomes


def say(is_passed: bool, name: str, seconds: float, output: str = "") -> None:
    """One line for what is over, in one write, and the output below it."""
    mark = "✓" if is_passed else "✗"
    line = f"{mark} {name:<40} {seconds:6.1f} s\n"
    sys.stdout.write(line + "".join(f"    {each}\n" for each in output.splitlines()))
    sys.stdout.flush()


def _kept(run: Run, output: Path) -> tuple[Outcome, float]:
    with output.open("wb") as file:
        return _timed(run, file)


def _timed(run: Run, output: IO[bytes] | None) -> tuple[Outcome, float]:
    """The outcome and its seconds; `output`: where it writes, None for our own standard output."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = (sys.executable, "-m", "pytest", f"--junitxml={report}", *run.options)
        status = _ended(command, os.environ | run.env, output)
        tally = _tally(report)
    if status and not tally.failed:
        tally += Tally(failed=1)  # pytest itself failed, or ran no test
    return Outcome(status == 0, tally), time.monotonic() - started


def _ended(command: Sequence[str], env: Mapping[str, str], output: IO[bytes] | None) -> int:
    errors = None if output is None else subprocess.STDOUT
    with subprocess.Popen(
        command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=errors
    ) as process:
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
