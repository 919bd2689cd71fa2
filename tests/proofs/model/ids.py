"""Ids in the order they were made: what happens twice from the same choices must happen in the same order."""

from itertools import count
from types import SimpleNamespace
from typing import Final

import pytest
from ulid import ULID

from schedules.database import ulids

_MOMENT: Final = 1_780_000_000_000 << 80
_SYMBOLS: Final = 16
"""Of the random part of a ULID, each of 5 bits."""


class Counted:
    """Stands for the ULID class and for chance in schedules/database/ulids.py."""

    from_bytes = ULID.from_bytes
    from_datetime = ULID.from_datetime

    def __init__(self) -> None:
        self._numbers = count(1)

    def __call__(self) -> ULID:
        return ULID.from_int(_MOMENT + next(self._numbers))

    def from_timestamp(self, _: float) -> ULID:
        """Whatever the moment."""
        return self()

    def urandom(self, size: int) -> bytes:
        """So many bytes, each taken for one symbol."""
        return b"".join(_symbols(next(self._numbers)) for _ in range(size // _SYMBOLS))


def _symbols(number: int) -> bytes:
    return bytes(number >> 5 * place & 31 for place in reversed(range(_SYMBOLS)))


def count_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every id made from here on is greater than those before."""
    counted = Counted()
    monkeypatch.setattr(ulids, "ULID", counted)
    monkeypatch.setattr(ulids, "os", SimpleNamespace(urandom=counted.urandom))
