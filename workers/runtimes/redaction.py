"""Make text that came from an agent fit to be shown: short, one line, and free of secrets.

Failure messages end up in the run history, in logs and in the console. Agents are other people's servers:
what they write may hold terminal escapes, megabytes, or our own credential sent back to us.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

MESSAGE_LENGTH = 500
"""Characters of a failure message that are kept."""

FOREIGN_LENGTH = 20_000
"""A text from an agent longer than this is described, not quoted: redacting it would cost too much."""

REDACTED = "***"


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
    """Blanks out the given secrets in a text, however often and in whichever of their spellings they occur."""

    def __init__(self, secrets: Callable[[], Iterable[str]]) -> None:
        self._secrets = secrets  # asked for when there is something to redact: most calls succeed

    @cached_property
    def _spellings(self) -> list[str]:
        spellings = {spelling for secret in self._secrets() for spelling in _spellings(secret)}
        return sorted(spellings, key=len, reverse=True)  # "Bearer abc" before "abc"

    def __call__(self, text: str) -> str:
        """`text` as one short plain line without the secrets."""
        # Folding blanks can put a secret together again that was written with two blanks: redact twice.
        return self._blank_out(plain(self._blank_out(text), FOREIGN_LENGTH))

    def _blank_out(self, text: str) -> str:
        for spelling in self._spellings:
            text = text.replace(spelling, REDACTED)
        return text


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


def _spellings(secret: str) -> Iterator[str]:
    """The secret as it is, as JSON writes it (with and without escapes), and folded to one line."""
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    if folded := plain(secret, FOREIGN_LENGTH):
        yield folded
