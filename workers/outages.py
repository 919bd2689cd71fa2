"""After an outage of the database, workers store the answers they hold before beats judge their leases.

A lease that lapsed because nobody could renew it says nothing about its worker. The beat's own writes tell it that
there was an outage; one that has just started cannot know, and waits too.
"""

import time
from typing import Final

from schedules.runs import leases

GRACE_SECONDS: Final = 10.0
"""Twice as long as a worker lets pass, at most, between two offers of an outcome."""


class Outage:
    """What one beat knows of it."""

    def __init__(self) -> None:
        self._writing_since: float | None = None

    def has_begun(self) -> None:
        """Something could not be read or written."""
        self._writing_since = None

    def is_over(self) -> bool:
        """Whether writes have been possible for GRACE_SECONDS; django.db.Error while they are not."""
        if self._writing_since is None:
            leases.require_writable()
            self._writing_since = time.monotonic()
        return time.monotonic() - self._writing_since >= GRACE_SECONDS
