"""ULIDs: 26-character identifiers that sort by the time they were made (https://github.com/ulid/spec).

That time is the database's, whatever this host's clock says: ids of all hosts sort together.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from string import ascii_uppercase, digits
from typing import Final

from ulid import ULID

from schedules.database.clock import estimated_now

ULID_PATTERN: Final = r"[0-9A-HJKMNP-TV-Z]{26}"
"""As this service writes them, for a regular expression."""

_ULID: Final = re.compile(ULID_PATTERN)
_ALPHABET = "".join(sorted(set(digits + ascii_uppercase) - set("ILOU"))).encode()
_AS_SYMBOL = _ALPHABET * 8  # of each byte's value; 256 is a multiple of 32, so every symbol is as likely


_told: ContextVar[datetime | None] = ContextVar("told", default=None)


@contextmanager
def made_at(instant: datetime) -> Iterator[None]:
    """Ids made inside the block are of this instant (aware): for whoever writes down a past."""
    token = _told.set(instant)
    try:
        yield
    finally:
        _told.reset(token)


def is_ulid(text: str) -> bool:
    """Whether the text has the form of an id: any other text names nothing, and may be more than a database takes."""
    return _ULID.fullmatch(text) is not None


def new_ulid() -> str:
    """A fresh ULID, upper-case Crockford base 32."""
    return str(ULID.from_timestamp(max(0.0, (_told.get() or estimated_now()).timestamp())))


def new_ulids(count: int) -> list[str]:
    """That many fresh ULIDs of this moment, at a small part of the cost of making each alone."""
    moment = new_ulid()[:10]
    symbols = os.urandom(16 * count).translate(_AS_SYMBOL).decode("ascii")
    return [moment + symbols[start : start + 16] for start in range(0, 16 * count, 16)]


def lowest_ulid_at(instant: datetime) -> str:
    """The smallest ULID of an instant: everything made before `instant` (aware) sorts below it."""
    return str(ULID.from_bytes(ULID.from_datetime(instant).bytes[:6] + bytes(10)))
