"""Every command line in the documents is one its program takes."""

import re
import shlex

import pytest
from django.core.management import load_command_class

from tests.deployment.command_lines import CommandLineWrong, check
from tests.docs import shell
from tests.docs.pages import PAGES, ROOT, blocks, section, tables, text_of, without_blocks

OURS = (
    "create_agent",
    "create_api_key",
    "rotate_api_key",
    "create_workspace",
    "grant_role",
    "revoke_role",
    "next_fires",
    "explain",
    "audit",
    "export_journal",
    "rotate_secrets",
    "hold",
    "release",
    "status",
    "healthy",
)
PROGRAMS = ("python3 manage.py", "celery", "gunicorn")


def command_lines() -> list[str]:
    """Every command in a block or between backticks that we can check without running it."""
    text = "\n".join(text_of(page) for page in PAGES)
    in_blocks = [line for block in blocks(text, "bash") for line in shell.commands(block)]
    outside = without_blocks(text)
    inside_others = [match for line in in_blocks for match in re.findall(r"\$\((.*?)\)", line)]
    lines = [*in_blocks, *inside_others, *re.findall(r"`([^`\n]+)`", outside)]
    return sorted(
        {
            line.replace("\\|", "|")
            for line in map(str.strip, lines)
            if line.startswith(tuple(f"{name} " for name in PROGRAMS))
        }
    )


@pytest.mark.django_db(transaction=True)  # the web process looks at the database when it is imported
@pytest.mark.parametrize("line", command_lines())
def test_a_command_line_is_one_its_program_takes(line: str) -> None:
    placeholders = {"TYPE": "cron", "EXPRESSION": "@daily", "KEY": "digest", "NAME": "acme", "KIND": "beat"}
    placeholders |= {"USER": "kim", "WORKSPACE": "acme", "ROLE": "viewer"}
    placeholders |= {"SCHEDULE_ID": "01KPN29WWKSK0VDPJNTKZPVNRB", "INSTANT": "2026-06-01T09:00:00Z"}

    check([placeholders.get(word, word) for word in shlex.split(line)])


def test_what_a_program_would_refuse_is_noticed() -> None:
    for line in (
        "celery -A orqsite wroker",
        "celery -A orqsite worker --polo",
        "gunicorn orqsite.wsgi --no-such",
        "python3 manage.py create_agents",
        "python3 manage.py test --chaotic",
        "python3 manage.py bench hurd",
        "python3 manage.py create_api_key",
    ):
        with pytest.raises(CommandLineWrong):
            check(shlex.split(line))


def test_the_table_of_commands_names_every_option_of_ours() -> None:
    [rows] = tables(section("docs/operations.md", "Commands"))
    described = {line.split()[2]: f"{line} {meaning}" for line, meaning in rows}

    for name in OURS:
        parser = load_command_class("schedules", name).create_parser("manage.py", name)
        own = [action for action in parser._actions if action.help and action.dest not in SHARED]
        for option in (string for action in own for string in action.option_strings):
            assert f"{option}" in described[name], (name, option)


SHARED = {
    *("help", "version", "verbosity", "settings", "pythonpath", "traceback", "no_color", "force_color"),
    "skip_checks",
}


def test_the_files_it_tells_to_copy_are_there() -> None:
    copied = [
        source
        for page in PAGES
        for block in blocks(text_of(page), "bash")
        for source in re.findall(r"^cp (\S+)", block, re.MULTILINE)
    ]

    assert copied
    assert all(any(ROOT.glob(source)) for source in copied)
