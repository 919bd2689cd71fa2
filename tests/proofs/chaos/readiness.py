"""What /readyz says during a run, held against the faults that made writes impossible."""

import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import httpx2

from tests.proofs.chaos.weather import Done

EVERY_SECONDS: Final = 0.5
ASK_SECONDS: Final = 15.0
NOTICE_SECONDS: Final = 3.0
"""A verdict is kept for two seconds, and one that waits for the database takes a while."""

LEAST_SAMPLES: Final = 2
SETTLE_SECONDS: Final = 30.0

RED: Final = {
    "make_database_read_only": "database",
    "lead_to_the_standby": "database",
    "exhaust_broker": "broker",
    "isolate_broker": "broker",
    "demote_broker": "broker",
}
"""The part that must be named while these last."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One answer: when it was asked for, its status, and the parts it called other than ok."""

    at: float
    status: int
    bad: frozenset[str]


class Readiness:
    """Asks a site's /readyz every now and then, on a thread of its own; None: the site has none."""

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="readiness", daemon=True)
        self.samples: list[Sample] = []

    def begin(self) -> None:
        """Ask from now on."""
        if self._url is not None:
            self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._stopping.set()
        if self._url is not None:
            self._thread.join()

    def problems(self, faults: Iterable[Done]) -> list[str]:
        """Where it was green although nothing could be written, and whether it is red although all is well."""
        if self._url is None:
            return []
        told = [
            f"/readyz did not name the {RED[each.kind]} during {each.kind}"
            for each in faults
            if self._hid(each)
        ]
        return told if self._settles() else [*told, "/readyz is red although every fault is over"]

    def _hid(self, fault: Done) -> bool:
        """Asked often enough while it lasted, and never red for its sake."""
        if fault.kind not in RED:
            return False
        since = fault.began_at + NOTICE_SECONDS
        meanwhile = [sample for sample in self.samples if since <= sample.at < fault.ended_at]
        return len(meanwhile) >= LEAST_SAMPLES and not any(
            sample.status == 503 and RED[fault.kind] in sample.bad for sample in meanwhile
        )

    def _settles(self) -> bool:
        until = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < until:
            sample = self._asked()
            if sample is not None and sample.status == 200:
                return True
            time.sleep(EVERY_SECONDS)
        return False

    def _watch(self) -> None:
        while not self._stopping.wait(EVERY_SECONDS):
            if (sample := self._asked()) is not None:
                self.samples.append(sample)

    def _asked(self) -> Sample | None:
        """None: the web server is away."""
        at = time.time()
        with suppress(httpx2.TransportError):
            answer = httpx2.get(str(self._url), trust_env=False, timeout=ASK_SECONDS)
            said = answer.json()
            bad = frozenset(part for part in ("database", "broker") if said.get(part) != "ok")
            return Sample(at, answer.status_code, bad)
        return None
