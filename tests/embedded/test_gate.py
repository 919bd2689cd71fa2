"""The gate itself: one bad step or test is enough to fail it, and the closing line counts right."""

import sys
from pathlib import Path

import pytest

from tests import gate
from tests.gate import Tally

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


def run_pytest(folder: Path, source: str) -> gate.Lane:
    """Run pytest on a file of its own, with nothing of this project's configuration."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_it.py").write_text(source)
    options = ["-q", "-c", str(folder / "pytest.ini"), str(folder)]
    return gate._run_pytest("lane", options, {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})


def test_the_closing_line_counts_passed_failed_and_skipped(tmp_path: Path) -> None:
    lane = run_pytest(tmp_path, TESTS)

    assert not lane.is_passed
    assert str(lane.tally) == "2 passed, 2 failed, 1 skipped"


def test_a_run_without_any_test_fails(tmp_path: Path) -> None:
    lane = run_pytest(tmp_path, "")

    assert not lane.is_passed
    assert lane.tally.failed == 1


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


def test_the_folders_tested_on_both_databases_exist() -> None:
    assert [path for path in gate.BOTH_DATABASES if not (gate.ROOT / "tests" / path).exists()] == []
