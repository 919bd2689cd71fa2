"""What a person sees of `up`."""

from pathlib import Path

import pytest

from orqsite.embedded.terminal import UNSHOWN_LINES, Terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path / "logs" / "up.log")


def test_a_step_gets_a_tick_its_result_and_its_time(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    with terminal.step("the run") as result:
        result.append("succeeded")

    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("  ✓ the run: succeeded ")
    assert line.endswith("0.0 s")


def test_a_step_that_fails_gets_a_cross(terminal: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError), terminal.step("the database"):
        raise RuntimeError

    assert "✗ the database" in capsys.readouterr().out


def test_the_programs_lines_are_kept_while_the_steps_run_and_shown_afterwards(
    terminal: Terminal, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    terminal.write("web", "starting")
    terminal.show_programs(True)
    terminal.write("worker", "run.claimed")
    terminal.write("worker", "")
    terminal.show_programs(False)
    terminal.write("worker", "warm shutdown")

    assert capsys.readouterr().out == "worker | run.claimed\n"
    lines = ["web    | starting", "worker | run.claimed", "worker | warm shutdown"]
    assert (tmp_path / "logs" / "up.log").read_text().splitlines() == lines


def test_the_last_lines_are_at_hand_when_a_start_fails(terminal: Terminal) -> None:
    for number in range(UNSHOWN_LINES + 5):
        terminal.write("web", f"line {number}")

    assert terminal.unshown_lines()[-1] == f"web    | line {UNSHOWN_LINES + 4}"
    assert len(terminal.unshown_lines()) == UNSHOWN_LINES
