"""The heartbeat: one thread a process renews the leases of all its runs with one statement.

A lease that could not be renewed is lost: whoever makes that attempt is told and must stop.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import Error, connection

from schedules.database.clock import database_now
from schedules.database.ulids import new_ulid
from schedules.runs import leases
from schedules.runs.claimed import Claimed
from workers import loops
from workers.per_process import PerProcess

log = structlog.get_logger(__name__)


class Heartbeat:
    """The leases of one worker process, kept alive from its first claim on."""

    def __init__(self, interval: timedelta, lease: timedelta) -> None:
        """`interval`: between renewals; `lease`: how long each renewal reaches."""
        self.worker = f"{socket.gethostname()}:{os.getpid()}:{new_ulid()}"
        self.lease = lease
        self._interval = interval.total_seconds()
        self._leases: dict[tuple[str, int], _Lease] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def keeping_lease(self, claimed: Claimed, claimed_at: float) -> Iterator[Callable[[], bool]]:
        """Renew the lease inside the block; yields `is_lost()`, cheap and true for good once the lease is gone.

        `claimed_at`: time.monotonic() just before the claim; the lease is sure for its length from there.
        """
        key = (claimed.run_id, claimed.attempt)
        lease = _Lease(claimed_at + self.lease.total_seconds())
        with self._lock:
            self._leases[key] = lease
            self._ensure_thread()
        try:
            yield lease.is_lost
        finally:
            with self._lock:
                self._leases.pop(key, None)

    @property
    def held_count(self) -> int:
        """Attempts in flight."""
        return len(self._leases)

    def _ensure_thread(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._beat, name="lease-heartbeat", daemon=True)
            self._thread.start()

    def _beat(self) -> None:
        """While there are leases the connection is kept: a renewal must not queue for the pool behind claims."""
        while True:
            loops.went_round("heartbeat", self._interval)
            time.sleep(self._interval)
            try:
                self.renew()
                if not self._leases:
                    connection.close()
            except Exception as error:  # this thread must not die: every lease of the process hangs on it
                log.warning(
                    "lease.renewal_failed", error=type(error).__name__, exc_info=not isinstance(error, Error)
                )
                with suppress(Exception):
                    connection.close()

    def renew(self) -> None:
        """Renew the leases of now; one that the database no longer grants is lost."""
        with self._lock:
            # One that is lost is not revived: its slot may be another call's by now.
            kept = {key: lease for key, lease in self._leases.items() if not lease.is_lost()}
        if not kept:
            return
        sure_until = time.monotonic() + self.lease.total_seconds()
        renewed = leases.renew(self.worker, {run_id for run_id, _ in kept}, database_now(), self.lease)
        for key, lease in kept.items():
            if key in renewed and not lease.is_lost():
                lease.sure_until = sure_until
            else:
                lease.is_revoked = True
                log.debug("lease.lost", run_id=key[0], attempt=key[1])


class _Lease:
    """One attempt's lease as this process knows it."""

    __slots__ = ("is_revoked", "sure_until")

    def __init__(self, sure_until: float) -> None:
        self.sure_until = sure_until
        self.is_revoked = False

    def is_lost(self) -> bool:
        """Revoked by the database, or not renewed in time: the database may have given the run away."""
        if time.monotonic() > self.sure_until:
            self.is_revoked = True  # for good: whoever was told so has acted on it
        return self.is_revoked


def _of_the_settings() -> Heartbeat:
    return Heartbeat(
        timedelta(seconds=settings.ORQ.heartbeat_seconds), timedelta(seconds=settings.ORQ.lease_seconds)
    )


heartbeat = PerProcess(_of_the_settings)
