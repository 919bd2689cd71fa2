"""Splits a block of shell into its commands, as far as the README needs: variables, quotes, continued lines."""

import re
import shlex
from collections.abc import Callable, Iterator, MutableMapping

_SUBSTITUTION = re.compile(r"\$\((.*?)\)")
_VARIABLE = re.compile(r"\$(\w+)")


def commands(block: str) -> Iterator[str]:
    """The commands of a block, each whole: an open quote or a backslash at the end continues it."""
    pending = ""
    for line in block.splitlines():
        pending += line
        if pending.endswith("\\"):
            pending = pending[:-1]
        elif _has_open_quote(pending):
            pending += "\n"
        elif pending.strip():
            yield pending
            pending = ""
    assert not pending, f"the block ends inside {pending!r}"


def _has_open_quote(text: str) -> bool:
    try:
        shlex.split(text)
    except ValueError:
        return True
    return False


def words(command: str, variables: MutableMapping[str, str], run: Callable[[str], str]) -> list[str]:
    """The words of a command after `$NAME` and `$(command)` are replaced; `run` gives what a command prints.

    Nothing is replaced inside single quotes.
    """
    parts = re.split(r"('[^']*')", command)
    replaced = [part if part.startswith("'") else _replaced(part, variables, run) for part in parts]
    return shlex.split("".join(replaced))


def _replaced(text: str, variables: MutableMapping[str, str], run: Callable[[str], str]) -> str:
    text = _SUBSTITUTION.sub(lambda match: run(match[1]).rstrip("\n"), text)
    return _VARIABLE.sub(lambda match: variables[match[1]], text)
