"""`manage.py help` speaks of our commands first, and a typo is answered with what was meant."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, get_commands

from orqsite.command_help import require_command
from tests.gate import gate
from tests.lanes import LANES

BASE = Path(__file__).resolve().parents[2]


def manage(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """The program as a shell starts it."""
    return subprocess.run(
        [str(BASE / "manage.py"), *arguments],
        env=os.environ
        | {"ORQ_BOOTSTRAP": "off", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_names_every_command_of_ours_before_those_of_django() -> None:
    shown = manage("help").stdout

    ours, _, others = shown.partition("Django's")
    listed = [line.split()[0] for line in ours.splitlines() if line.startswith("  ") and line[2] != " "]
    assert set(listed) == {name for name, app in get_commands().items() if app == "schedules"} | {
        "up",
        "test",
        "bench",
    }
    assert "migrate" in others
    assert "[schedules]" not in shown


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("up", "--no-demo"),
        ("bench", "herd"),
        ("status", "last audit"),
    ],
)
def test_help_of_a_command_is_ours(command: str, words: str) -> None:
    assert words in manage("help", command).stdout


def test_help_of_the_gate_tells_its_lanes(capsys: pytest.CaptureFixture[str]) -> None:
    assert gate(["--help"]) == 0

    shown = capsys.readouterr().out
    assert [name for name in LANES if name not in shown] == []


def test_a_typo_is_answered_in_one_line() -> None:
    ended = manage("statu")

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("There is no command 'statu'. Did you mean 'status'?")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("typo", "meant"),
    [("statu", "status"), ("upp", "up"), ("tset", "test"), ("hepl", "help"), ("migrat", "migrate")],
)
def test_a_typo_is_answered_with_what_was_meant(typo: str, meant: str) -> None:
    with pytest.raises(CommandError, match=f"^There is no command {typo!r}. Did you mean {meant!r}"):
        require_command([typo])


def test_what_resembles_nothing_is_only_said_to_be_none() -> None:
    with pytest.raises(CommandError) as refusal:
        require_command(["xyzzyx"])

    assert "Did you mean" not in str(refusal.value)
