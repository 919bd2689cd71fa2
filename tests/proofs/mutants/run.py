"""Each mutant is made in a copy of the tree and given to its killers; the checkout is never touched."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from tests.proofs.mutants.catalogue import MUTANTS
from tests.proofs.mutants.mutant import ROOT, Database, Mutant

AT_ONCE: Final = 2
TIMEOUT_SECONDS: Final = 900
NOT_COPIED: Final = shutil.ignore_patterns(
    *(".git", ".venv", "var", "build", "out", "node_modules", ".*_cache", ".hypothesis")
)
NOT_JUDGED: Final = "NOT JUDGED"
TESTS_FAILED: Final = 1
"""pytest's exit code; any other but 0 says that the tests were not run, which kills no mutant."""


def run_mutants(words: Sequence[str] = ()) -> int:
    """Run the mutants whose name has one of the words (none: all); 0 when every one was killed."""
    chosen = [each for each in MUTANTS if not words or any(word in each.name for word in words)]
    with _copy_of(ROOT) as compiled, ThreadPoolExecutor(AT_ONCE) as pool:
        is_green = partial(_is_green_without_mutant, compiled)
        if not all(pool.map(is_green, *_killers_by_database(chosen))):
            return 1  # red for another reason: every mutant would seem killed
        results = list(pool.map(partial(_run, compiled), chosen))
    killed = sum(results)
    print(f"{killed} of {len(chosen)} mutants killed", flush=True)
    return 0 if killed == len(chosen) > 0 else 1


def _killers_by_database(mutants: Sequence[Mutant]) -> tuple[list[Database], list[list[str]]]:
    killers: dict[Database, set[str]] = {}
    for mutant in mutants:
        killers.setdefault(mutant.database, set()).update(mutant.killers)
    return list(killers), [sorted(each) for each in killers.values()]


def _is_green_without_mutant(tree: Path, database: Database, killers: Sequence[str]) -> bool:
    """Leaves the bytecode in the tree, so that no mutant has to compile more than its own file."""
    started = time.monotonic()
    done = _tested(tree, killers, database)
    verdict = (
        f"pytest ended with {done.returncode}: {_reason(done.stdout + done.stderr)}"
        if done.returncode
        else "green"
    )
    print(f"{time.monotonic() - started:6.1f} s  without a mutant on {database}: {verdict}", flush=True)
    return done.returncode == 0


@contextmanager
def _copy_of(original: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        tree = Path(folder, "tree")
        shutil.copytree(original, tree, ignore=NOT_COPIED)
        yield tree


def _run(compiled: Path, mutant: Mutant) -> bool:
    started = time.monotonic()
    verdict = _verdict(compiled, mutant)
    if verdict.startswith(NOT_JUDGED):  # a server that did not start, say
        verdict = _verdict(compiled, mutant)
    print(f"{time.monotonic() - started:6.1f} s  {mutant.name}: {verdict}", flush=True)
    return verdict.startswith("killed by ")


def _verdict(compiled: Path, mutant: Mutant) -> str:
    if (count := mutant.occurrences()) != 1:
        return f"NOT APPLIED: its text occurs {count} times in {mutant.file}"
    with _copy_of(compiled) as tree:
        mutant.apply(tree)
        return _judged(mutant, tree)


def _judged(mutant: Mutant, tree: Path) -> str:
    try:
        done = _tested(tree, mutant.killers, mutant.database)
    except subprocess.TimeoutExpired:
        return "SURVIVED (its tests did not end)"
    if done.returncode == 0:
        return "SURVIVED"
    if done.returncode != TESTS_FAILED or not _errors(done.stdout):
        return (
            f"{NOT_JUDGED}: pytest ended with {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-1000:]}"
        )
    return f"killed by {mutant.judge}: {_reason(done.stdout)}"


def _tested(tree: Path, tests: Sequence[str], database: Database) -> "subprocess.CompletedProcess[str]":
    command = (sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests)
    env = os.environ | {"ORQ_TEST_SHRINK": "no"}
    env |= {"ORQ_TEST_DATABASE": database}
    env.pop("ORQ_TEST_EXAMPLES", None)
    return subprocess.run(
        command, cwd=tree, env=env, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
    )


def _errors(output: str) -> list[str]:
    """What the failed tests said; none: no test failed."""
    return re.findall(r"^E +(\S.*)$", output, re.MULTILINE)


def _reason(output: str) -> str:
    """The first line that says what was wrong."""
    return (_errors(output) or [output[-1000:]])[0][:140]
