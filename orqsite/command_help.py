"""What `manage.py help` says: our commands first, each with its sentence; and what a typo was probably meant for."""

import difflib
import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

import django
from django.core.management import CommandError, get_commands, load_command_class

BESIDE_DJANGO: Final = {
    "up": "Start the whole service on this machine, with a demo.",
    "test": "Run the whole gate: format, lint, types, contracts, checks, tests.",
    "bench": "Measure the speed, side by side with other schedulers.",
}
"""Commands that manage.py runs itself."""

OUR_APP: Final = "schedules"
WIDTH: Final = 100
_END: Final = """
`python3 manage.py help COMMAND` explains one, `--version` says which version this is.
"""


def everything() -> str:
    """All commands."""
    django.setup()
    apps = get_commands()
    ours = BESIDE_DJANGO | {name: _sentence(name) for name in sorted(apps) if apps[name] == OUR_APP}
    others = sorted(name for name, app in apps.items() if app != OUR_APP and name not in BESIDE_DJANGO)
    lines = ["The commands of Agent Schedules:", "", *_rows(ours)]
    lines += [
        "",
        "Django's, of which `migrate`, `createsuperuser` and `shell` are the ones you may need:",
        "",
    ]
    lines += textwrap.wrap(", ".join(others), WIDTH, initial_indent="  ", subsequent_indent="  ")
    return "\n".join(lines) + "\n" + _END


def _sentence(name: str) -> str:
    return load_command_class(OUR_APP, name).help


def _rows(commands: dict[str, str]) -> Iterator[str]:
    width = max(map(len, commands))
    for name, sentence in commands.items():
        first, *rest = textwrap.wrap(sentence, WIDTH - width - 4)
        yield f"  {name.ljust(width)}  {first}"
        yield from (" " * (width + 4) + line for line in rest)


def require_command(arguments: Sequence[str]) -> None:
    """CommandError, with what was probably meant, unless the command line names a command."""
    names = [word for word in arguments[:2] if word != "help"][:1]
    if not names or names[0].startswith("-"):
        return
    django.setup()
    known = {*get_commands(), *BESIDE_DJANGO}
    if names[0] not in known:
        near = difflib.get_close_matches(names[0], [*sorted(known), "help"], 1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        raise CommandError(
            f"There is no command {names[0]!r}.{meant} `python3 manage.py help` lists them all."
        )
