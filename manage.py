#!/usr/bin/env python3
"""The service's commands. Only Python 3.11 is needed: the first one prepares everything else in `.venv`.

python3 manage.py up       start the whole service on this machine, with a demo
python3 manage.py test     run the whole gate: format, lint, types, contracts, checks, tests
python3 manage.py bench    measure the speed, side by side with other schedulers
python3 manage.py help     all commands, ours first; --version says which version this is
"""

import os
import runpy
import sys

ROOT = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120  (an old Python gets this far too)


def main():  # type: () -> None
    """Make sure we run inside the environment, then run the command."""
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command in ("--version", "version"):
        from schedules.version import VERSION

        print("Agent Schedules " + VERSION)
        return
    # By path: the package around this file imports libraries that are not installed yet.
    bootstrap = runpy.run_path(os.path.join(ROOT, "orqsite", "embedded", "bootstrap.py"))  # noqa: PTH118
    arguments = sys.argv[2:]
    if command == "help" and arguments[:1] in (["up"], ["test"], ["bench"]):
        command, arguments = arguments[0], ["--help"]
    bootstrap["enter"]("dev" if command in ("test", "bench") else "run")
    if command == "up":
        from orqsite.embedded.up import up

        sys.exit(up(arguments))
    if command == "test":
        from tests.gate import gate

        sys.exit(gate(arguments))
    if command == "bench":
        from bench.__main__ import main as bench

        sys.exit(bench(arguments))
    if command in ("help", "--help", "-h") and not arguments:
        print_help()
        return
    django(sys.argv)


def print_help():  # type: () -> None
    """All commands, ours first."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orqsite.settings")
    from orqsite import command_help

    print(command_help.everything(), end="")


def django(arguments):  # type: (list[str]) -> None
    """Run one of Django's management commands."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orqsite.settings")
    from django.core.management import CommandError, execute_from_command_line

    from orqsite import command_help
    from orqsite.acting import commander
    from orqsite.starting import KEYED_COMMANDS, require_encryption_keys
    from schedules.actors import acting

    if KEYED_COMMANDS.intersection(arguments[1:2]):
        require_encryption_keys()
    if "--traceback" in arguments:
        with acting(commander):
            execute_from_command_line(arguments)
        return
    from schedules.management.database_errors import explained_database_errors

    try:
        with explained_database_errors(), acting(commander):
            command_help.require_command(arguments[1:])
            execute_from_command_line(arguments)
    except CommandError as refusal:
        sys.exit(str(refusal))


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036  (this file must speak to those who have an older one)
        sys.exit(
            "Agent Schedules needs Python 3.11 or newer; " + sys.executable + " is " + sys.version.split()[0]
        )
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
