"""The gate itself: one bad step or test is enough to fail it, and the closing line counts right."""

import re
import sys
from pathlib import Path

import pytest

from tests import gate, on_sqlite, pytest_runs, with_processes
from tests.pytest_runs import Outcome, Run, Tally
from tests.selection import marked

TESTS = """
import pytest

def test_good(): pass
def test_as_good(): pass
def test_bad(): assert False
@pytest.mark.skip
def test_left_out(): pass
@pytest.fixture
def broken(): raise ValueError
def test_without_its_fixture(broken): pass
"""

SPEAKING = """
from pathlib import Path
from time import sleep

def wait_for(path):
    for _ in range(3000):
        if Path(path).exists():
            return
        sleep(0.01)
    raise AssertionError

def test_it():
    print("{0} begins", flush=True)
    {1}
    print("{0} ends", flush=True)
"""

ALONE = """
from pathlib import Path
from time import sleep

def test_nobody_else_is_at_work():
    mark = Path({0!r})
    mark.touch(exist_ok=False)
    sleep(0.5)
    mark.unlink()
"""


def run_of(folder: Path, source: str, name: str = "a run") -> Run:
    """A run of pytest on a file of its own, with nothing of this project's configuration."""
    folder.mkdir(exist_ok=True)
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_it.py").write_text(source)
    options = ["-q", "-s", "-c", str(folder / "pytest.ini"), str(folder)]
    return Run(name, options, {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})


def run_pytest(folder: Path, source: str) -> Outcome:
    """Run it."""
    return pytest_runs.one(run_of(folder, source))


def test_the_closing_line_counts_passed_failed_and_skipped(tmp_path: Path) -> None:
    outcome = run_pytest(tmp_path, TESTS)

    assert not outcome.is_passed
    assert str(outcome.tally) == "2 passed, 2 failed, 1 skipped"


def test_a_run_without_any_test_fails(tmp_path: Path) -> None:
    outcome = run_pytest(tmp_path, "")

    assert not outcome.is_passed
    assert outcome.tally.failed == 1


def test_the_counts_of_several_runs_add_up() -> None:
    assert str(Tally(3, 1) + Tally(4, 0, 2)) == "7 passed, 1 failed, 2 skipped"
    assert str(Tally(3) + Tally(4)) == "7 passed, 0 failed"


def test_a_failed_step_is_shown_with_its_output_and_the_others_still_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = {
        "bad": (sys.executable, "-c", "print('what is wrong'); raise SystemExit(1)"),
        "good": (sys.executable, "-c", "print('chatter')"),
    }
    monkeypatch.setattr(gate, "STEPS", steps)

    is_clean = gate._run_steps()

    output = capsys.readouterr().out
    assert not is_clean
    assert "✗ bad" in output
    assert "    what is wrong" in output
    assert "✓ good" in output
    assert "chatter" not in output


def test_what_runs_on_sqlite_is_there_and_the_gate_runs_a_part_of_it() -> None:
    paths = (*on_sqlite.BOTH_DATABASES, *on_sqlite.SAME_ON_BOTH, *on_sqlite.OWN_STATEMENTS)
    assert [path for path in paths if not (gate.ROOT / "tests" / path).exists()] == []
    assert [path for path in on_sqlite.OWN_STATEMENTS if not path.startswith(on_sqlite.BOTH_DATABASES)] == []


def test_what_runs_beside_is_shown_whole_and_after_the_first(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    mark = tmp_path / "the second is over"
    first = run_of(tmp_path / "1", SPEAKING.format("first", f"wait_for({str(mark)!r})"), "the first")
    second = run_of(tmp_path / "2", SPEAKING.format("second", f"Path({str(mark)!r}).touch()"), "the second")
    third = run_of(tmp_path / "3", "def test_bad(): assert False, 'third fails'", "the third")

    outcomes = pytest_runs.beside(first, second, third)

    output = capfd.readouterr().out
    words = (
        *("… the first", "first begins", "first ends", "✓ the first"),
        *("… the second", "second begins", "second ends", "✓ the second"),
        *("… the third", "third fails", "✗ the third"),
    )
    places = [output.index(word) for word in words]
    assert places == sorted(places), output
    assert [str(outcome.tally) for outcome in outcomes] == [
        "1 passed, 0 failed",
        "1 passed, 0 failed",
        "0 passed, 1 failed",
    ]


@pytest.mark.parametrize(
    ("has_processes", "is_long", "is_alone"),
    [
        (False, False, False),
        *((True, is_long, is_alone) for is_long in (True, False) for is_alone in (True, False)),
    ],
)
def test_a_test_is_in_exactly_one_run_on_postgresql(
    has_processes: bool, is_long: bool, is_alone: bool
) -> None:
    marks = {"processes": has_processes, "long": is_long, "alone": is_alone}
    runs = (gate.WITHOUT_FACES, gate.WITH_PROCESSES, with_processes.LONG, with_processes.ALONE)

    chosen = [eval(run.options[-1], marks) for run in runs]  # noqa: S307  (pytest's own are of this form)

    assert chosen.count(True) == 1


@pytest.mark.parametrize("mark", ["long", "alone"])
def test_only_tests_with_processes_are_left_to_the_lane(mark: str) -> None:
    assert set(marked(mark)) <= set(marked("processes"))


def test_no_conftest_gives_a_mark_that_decides_where_a_test_runs() -> None:
    texts = {path: path.read_text() for path in (gate.ROOT / "tests").rglob("conftest.py")}

    assert [path for path, text in texts.items() if re.search(r"mark\.(processes|long|alone)\b", text)] == []


def test_every_test_file_is_in_one_of_the_runs_on_postgresql() -> None:
    faces = {option for option in gate.WITH_FACES.options if option.startswith("tests/")}

    assert {f"--ignore={path}" for path in faces} == {
        option for option in gate.WITHOUT_FACES.options if option.startswith("--ignore=")
    }
    assert gate.WITHOUT_FACES.options[0] == "tests"
    assert [path for path in faces if not (gate.ROOT / path).is_dir()] == []


def test_every_file_of_tests_with_processes_is_in_one_of_their_runs() -> None:
    files = marked("processes")
    runs = (gate.WITH_PROCESSES, gate.AT_THE_EDGES, gate.WITH_CLIENTS)

    assert sorted(path for run in runs for path in run.options[:-2]) == sorted(files)
    assert len(files) > 50


@pytest.mark.parametrize("variable", ["DATABASE_URL", "REDIS_URL"])
def test_runs_that_share_a_server_come_one_after_the_other(
    variable: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "somebody's server")
    source = ALONE.format(str(tmp_path / "somebody is at work"))
    runs = [run_of(tmp_path / name, source, name) for name in ("first", "second", "third")]

    assert [outcome.is_passed for outcome in gate._run_tests(*runs)] == [True] * 3
