"""What the shell sees: exit codes, and which stream a word goes to."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import load_command_class

BASE = Path(__file__).resolve().parents[2]


def exit_code(name: str, *words: str) -> int:
    """How a command typed in a shell ends; the tests here may not touch the database."""
    with pytest.raises(SystemExit) as ended:
        load_command_class("schedules", name).run_from_argv(["manage.py", name, *words])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_fire_times_are_printed_without_a_database(capsys: pytest.CaptureFixture[str]) -> None:
    load_command_class("schedules", "next_fires").run_from_argv(
        ["manage.py", "next_fires", "cron", "@daily", "-n1"]
    )

    printed = capsys.readouterr()
    assert printed.out.endswith("T00:00:00Z\n")
    assert printed.err == ""


def test_a_refused_expression_is_one_line_on_standard_error_and_exit_code_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert exit_code("next_fires", "cron", "0 9 * * *") == 1

    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)


def test_a_wrong_argument_is_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("create_api_key", "--workspace", "acme", "--expires-in", "soon") == 2

    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines()[-1].endswith("write for example 12h, 30d or 4w")


def test_a_database_that_was_never_migrated_is_named_as_such(tmp_path: Path) -> None:
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite3'}",
        "ORQ_DATA_DIR": str(tmp_path),
        "ORQ_BOOTSTRAP": "off",
    }

    done = subprocess.run(
        [sys.executable, "manage.py", "create_api_key", "--workspace", "acme", "--skip-checks"],
        cwd=BASE,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].endswith("run `python3 manage.py migrate`.")
