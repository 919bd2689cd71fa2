"""Keys that worked a moment ago, so that the database is not asked for the same one with every request.

Only working keys are remembered, and for less than a second: one that is revoked or disabled is refused by every
process within a second, one that is enabled is let in at once. Expiry is the caller's to judge, each time.
"""

import time
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from schedules import api_keys
from schedules.models import ApiKey

SECONDS: Final = 0.75
MOST: Final = 10_000
"""Keys in memory: some megabytes. When there are more all are forgotten and read again."""


class RememberedKeys:
    """What one process remembers, by a hash of the token: the token itself is not kept."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._read: dict[bytes, tuple[float, ApiKey]] = {}

    def find(self, token: str) -> ApiKey | None:
        """As `api_keys.find`, at most SECONDS ago."""
        name = sha256(token.encode()).digest()
        now = self._clock()  # before the database is asked: what it says is no older
        remembered = self._read.get(name)
        if remembered is not None and now - remembered[0] < SECONDS:
            return remembered[1]
        key = api_keys.find(token)
        self._remember(name, now, key)
        return key

    def _remember(self, name: bytes, now: float, key: ApiKey | None) -> None:
        if key is None or not key.is_working:
            self._read.pop(name, None)
            return
        if len(self._read) >= MOST:
            self._read.clear()
        self._read[name] = (now, key)


remembered_keys: Final = RememberedKeys()
"""Those of this process."""
