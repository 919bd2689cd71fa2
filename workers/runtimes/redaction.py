"""Make text that came from an agent fit to be shown: short, one line, and free of secrets.

Failure messages end up in the run history, in logs and in the console. Agents are other people's servers:
what they write may hold terminal escapes, megabytes, or our own credential sent back to us.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

from schedules.secrets.masking import Masker

MESSAGE_LENGTH = 500
"""Characters of a failure message that are kept."""

FOREIGN_LENGTH = 20_000
"""A text from an agent longer than this is described, not quoted: redacting it would cost too much."""


def plain(text: str, limit: int = MESSAGE_LENGTH) -> str:
    """One line of at most `limit` printable characters; blanks are folded, the rest is cut with an ellipsis.

    Control, format and surrogate characters count as blanks (`str.isprintable`), so nothing can be hidden.
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * limit]).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def quoted(foreign: object) -> str:
    """An agent's own words for use inside a message; not yet redacted."""
    text = foreign if isinstance(foreign, str) else json.dumps(foreign)
    return text if len(text) <= FOREIGN_LENGTH else f"(a text of {len(text)} characters)"


class Redactor:
    """Makes one short plain line of an agent's words, without the secrets it was given."""

    def __init__(self, secrets: Callable[[], Iterable[str]]) -> None:
        self._secrets = secrets  # asked for when there is something to redact: most calls succeed

    @cached_property
    def _masker(self) -> Masker:
        secrets = set(self._secrets())
        return Masker(secrets | {plain(secret, FOREIGN_LENGTH) for secret in secrets})

    def __call__(self, text: str) -> str:
        """`text` folded and without the secrets."""
        # Folding blanks can put a secret together again that was written with two blanks: mask twice.
        return self._masker.text(plain(self._masker.text(text), FOREIGN_LENGTH))


def strings_in(value: Any, at_least: int) -> Iterator[str]:
    """Every string of at least that many characters anywhere inside a JSON value (keys are not values)."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str(text) if len(text) >= at_least:
                yield text
            case dict(members):
                waiting.extend(members.values())
            case list(items):
                waiting.extend(items)
