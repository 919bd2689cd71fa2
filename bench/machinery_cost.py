"""What one operation costs: the processor time of our process, and of its share of PostgreSQL and Valkey."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection


@dataclass(frozen=True, slots=True)
class Variant:
    """The service without some of its machinery, and perhaps with options in its database's URL instead."""

    name: str
    without: tuple[str, ...] = ()
    options: str = ""

    @property
    def env(self) -> Mapping[str, str]:
        """Its environment."""
        url = os.environ["DATABASE_URL"] + (f"?{self.options}" if self.options else "")
        return {"ORQ_WITHOUT": ",".join(self.without), "DATABASE_URL": url}


ALL_ON = Variant("all on")
BY_OPTION = Variant("psycopg's prepare_threshold", ("prepared",), "prepare_threshold=0")
BY_DJANGO = Variant(
    "Django's server_side_binding, prepared", ("prepared",), "server_side_binding=true&prepare_threshold=0"
)


def without(*names: str) -> tuple[Variant, ...]:
    """One variant for each of these, which lacks it."""
    return tuple(Variant(f"without {name}", (name,)) for name in names)


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one operation, in the unit of its part."""

    ours: float
    servers: float = 0.0

    @property
    def total(self) -> float:
        """Of our process and of the servers."""
        return self.ours + self.servers


@dataclass(frozen=True, slots=True)
class Part:
    """One operation, the unit it is measured in, the variants to compare (the first has everything on), and how."""

    operation: str
    unit: str
    variants: tuple[Variant, ...]
    measure: Callable[[Variant], Cost]
    turns: int = 1
    """How often each variant is measured in a round: short measurements, so that all meet the same machine."""


Usage = Mapping[int, float]
"""Seconds of processor time by process."""


def usage_of(application: str, broker: Any) -> Usage:
    """Of the server processes behind this application's connections to PostgreSQL, and of the broker."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE application_name = %s", [application])
        pids = [int(pid) for (pid,) in cursor.fetchall()]
    usage = {}
    for pid in [*pids, int(broker.info("server")["process_id"])]:
        with suppress(OSError):  # it has ended
            usage[pid] = int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    return usage


def used_between(before: Usage, after: Usage) -> float:
    """Seconds; a process that came meanwhile counts whole."""
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())
