"""`manage.py help` speaks of our commands first, and a typo is answered with what was meant."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import get_commands

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
        ("test", "--chaos"),
        ("bench", "herd"),
        ("status", "last audit"),
        ("hold", "--everything"),
    ],
)
def test_help_of_a_command_is_ours(command: str, words: str) -> None:
    assert words in manage("help", command).stdout


@pytest.mark.parametrize(
    ("typo", "meant"),
    [("statu", "status"), ("upp", "up"), ("tset", "test"), ("hepl", "help"), ("migrat", "migrate")],
)
def test_a_typo_is_answered_with_what_was_meant(typo: str, meant: str) -> None:
    ended = manage(typo)

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"There is no command {typo!r}. Did you mean {meant!r}?")
    assert ended.stderr.count("\n") == 1


def test_what_resembles_nothing_is_only_said_to_be_none() -> None:
    assert "Did you mean" not in manage("xyzzyx").stderr
