"""Every command line in the documents is one its program takes, and every file they point to is there."""

import re
import shlex

import pytest
from django.core.management import load_command_class

from tests.deployment.command_lines import CommandLineWrong, check
from tests.docs import shell
from tests.docs.readme import ROOT, TEXT, blocks, section, tables

OURS = ("create_agent", "create_api_key", "next_fires", "explain", "audit", "rotate_secrets")
DOCUMENTS = {name: (ROOT / name).read_text() for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")}
PROGRAMS = ("python3 manage.py", "celery", "gunicorn")


def command_lines() -> list[str]:
    """Every command in a block or between backticks that we can check without running it."""
    text = "\n".join(DOCUMENTS.values())
    in_blocks = [line for block in blocks(text, "bash") for line in shell.commands(block)]
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    inside_others = [match for line in in_blocks for match in re.findall(r"\$\((.*?)\)", line)]
    found = [*in_blocks, *inside_others, *re.findall(r"`([^`\n]+)`", outside)]
    return sorted(
        {
            line.replace("\\|", "|")
            for line in found
            if line.startswith(tuple(f"{name} " for name in PROGRAMS))
        }
    )


@pytest.mark.parametrize("line", command_lines())
def test_a_command_line_is_one_its_program_takes(line: str) -> None:
    placeholders = {"TYPE": "cron", "EXPRESSION": "@daily", "KEY": "digest", "NAME": "acme"}
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
    [rows] = tables(section("Commands"))
    told = {words[2]: f"{row} {section('Commands')}" for row, *_ in rows if (words := row.split())}

    for name in OURS:
        parser = load_command_class("schedules", name).create_parser("manage.py", name)
        own = [action for action in parser._actions if action.help and action.dest not in SHARED]
        for option in (string for action in own for string in action.option_strings):
            assert f"{option}" in told[name], (name, option)


SHARED = {
    *("help", "version", "verbosity", "settings", "pythonpath", "traceback", "no_color", "force_color"),
    "skip_checks",
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", DOCUMENTS[name]):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_the_files_it_tells_to_copy_are_there() -> None:
    for line in blocks(TEXT, "bash"):
        for source in re.findall(r"^cp (\S+)", line, re.MULTILINE):
            assert (ROOT / source).exists()
