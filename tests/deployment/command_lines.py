"""Reads a command line as the program it names would, without running it: wrong names and options raise."""

import importlib
import shlex
from collections.abc import Sequence

import click
from celery.bin.base import CLIContext
from celery.bin.celery import celery
from django.core.management import CommandError, get_commands, load_command_class
from gunicorn.config import Config  # type: ignore[import-untyped]  # it has no types

from bench.__main__ import BENCHMARKS
from orqsite.celery import app
from tests.lanes import LANES

OF_MANAGE_PY = ("up", "test", "bench", "--version", "help")
"""Commands that manage.py knows beside Django's."""


class CommandLineWrong(Exception):
    """The program would refuse this command line."""


def check(words: Sequence[str]) -> None:
    """CommandLineWrong unless the program of the first word takes the others; ValueError for one unknown here."""
    program, *arguments = words
    if program in ("python", "python3") and arguments[:1] == ["manage.py"]:
        _check_manage(arguments[1:])
    elif program == "celery":
        _check_celery(arguments)
    elif program == "gunicorn":
        _check_gunicorn(arguments)
    else:
        raise ValueError(f"no reader for {shlex.join(words)}")


def _check_celery(arguments: list[str]) -> None:
    try:
        context = celery.make_context("celery", list(arguments))
        context.obj = CLIContext(app=app, no_color=True, workdir=None)
        name, command, rest = celery.resolve_command(context, context._protected_args + context.args)
        assert command is not None
        command.make_context(name, rest, parent=context)
    except click.UsageError as error:
        raise CommandLineWrong(error.format_message()) from None
    module = context.params["app"]
    if module is not None and importlib.import_module(module).celery_app is not app:
        raise CommandLineWrong(f"{module} is not our application")


def _check_gunicorn(arguments: list[str]) -> None:
    try:
        options = Config().parser().parse_args(arguments)
    except SystemExit:
        raise CommandLineWrong(shlex.join(arguments)) from None
    [module] = options.args
    if not callable(importlib.import_module(module).application):
        raise CommandLineWrong(f"{module} has no application")


def _check_manage(arguments: list[str]) -> None:
    name, *rest = arguments
    if name in OF_MANAGE_PY:
        _check_ours(name, rest)
        return
    if name not in get_commands():
        raise CommandLineWrong(f"manage.py has no command {name}")
    command = load_command_class(get_commands()[name], name)
    try:
        command.create_parser("manage.py", name).parse_args(rest)
    except CommandError as error:
        raise CommandLineWrong(str(error)) from None


def _check_ours(name: str, arguments: list[str]) -> None:
    """A lane of `test` and a benchmark must be there; what they take is theirs to say."""
    first = arguments[0] if arguments else ""
    if name == "test" and first.startswith("--") and first not in (*LANES, "--fast"):
        raise CommandLineWrong(f"manage.py test has no lane {first}")
    if name == "bench" and first not in BENCHMARKS:
        raise CommandLineWrong(f"there is no benchmark {first}")
