"""Counts of what a workspace or an agent has, as one process knows them: asked of the database once in a while."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

FAR_SECONDS: Final = 60.0
"""How long a count is believed while less than half of each quota is used."""
NEAR_SECONDS: Final = 5.0
FULL_SECONDS: Final = 1.0
"""How long something is refused before it is counted again."""
MOST: Final = 10_000
"""Owners in memory; when there are more, all are counted anew."""

Amounts = Sequence[int]
OwnerId = UUID | str


@dataclass(slots=True)
class _Count:
    used: list[int]
    counted_at: float


class Counts:
    """Of one kind of thing; one owner may have several amounts of it, such as a number and a size."""

    def __init__(self, count: Callable[[Any], Amounts], clock: Callable[[], float] = time.monotonic) -> None:
        """`count` asks the database."""
        self._count, self._clock = count, clock
        self._lock = threading.Lock()
        self._known: dict[OwnerId, _Count] = {}

    def take(self, owner_id: OwnerId, added: Amounts, quotas: Amounts) -> bool:
        """Whether so much more stays within the quotas (0: no limit); then it counts as used from now on."""
        known = self._known.get(owner_id)
        if known is None or self._is_old(known, added, quotas):
            known = self._count_anew(owner_id)
        if not _fits(known.used, added, quotas):
            return False
        with self._lock:
            known.used = [used + more for used, more in zip(known.used, added, strict=True)]
        return True

    def forget(self, owner_id: OwnerId) -> None:
        """Something was taken away: the next look counts anew."""
        with self._lock:
            self._known.pop(owner_id, None)

    def _is_old(self, known: _Count, added: Amounts, quotas: Amounts) -> bool:
        age = self._clock() - known.counted_at
        if age < FULL_SECONDS:
            return False
        is_near = not _fits(known.used, known.used, quotas)
        return age >= (NEAR_SECONDS if is_near else FAR_SECONDS) or not _fits(known.used, added, quotas)

    def _count_anew(self, owner_id: OwnerId) -> _Count:
        known = _Count(list(self._count(owner_id)), self._clock())
        with self._lock:
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[owner_id] = known
        return known


def _fits(used: Amounts, added: Amounts, quotas: Amounts) -> bool:
    """Whoever adds nothing to an amount is not refused for it."""
    return all(
        not quota or not more or before + more <= quota
        for before, more, quota in zip(used, added, quotas, strict=True)
    )
