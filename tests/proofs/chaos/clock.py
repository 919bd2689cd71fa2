"""The service's clock, which can be stepped: PostgreSQL's clock_timestamp() for its sessions, plus an offset.

A schema that comes before pg_catalog in the database's search_path has a clock_timestamp() of its own. Nothing in the
service knows. The witness's clock never steps, so an instant of the service's clock is translated by the known steps.
"""

import time
from dataclasses import dataclass, field

import psycopg

_INSTALL = """
CREATE SCHEMA chaos_clock;
CREATE TABLE chaos_clock.ahead (seconds double precision NOT NULL);
INSERT INTO chaos_clock.ahead VALUES (0);
CREATE FUNCTION chaos_clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
    'SELECT pg_catalog.clock_timestamp() + make_interval(secs => (SELECT seconds FROM chaos_clock.ahead))';
"""
HOUR = 3600.0
_PREFER = "ALTER DATABASE postgres SET search_path = chaos_clock, pg_catalog, public"


@dataclass(frozen=True, slots=True)
class Step:
    """From this witness's instant on (or a moment later), the service's clock is so many seconds ahead."""

    at: float
    ahead: float


@dataclass
class ServiceClock:
    """The clock of the service whose database this is."""

    database_url: str
    steps: list[Step] = field(default_factory=list)
    busy: tuple[float, float] = (0.0, 0.0)
    """From which instant on schedules come due, for how many seconds of each hour."""

    def install(self) -> None:
        """Put it in, once the tables are there; new sessions of the database use it."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute(_INSTALL)
            connection.execute(_PREFER)

    def step(self, seconds: float) -> None:
        """Step it forward, or back when negative."""
        ahead = self.ahead + seconds
        self.steps.append(Step(time.time(), ahead))
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute("UPDATE chaos_clock.ahead SET seconds = %s", [ahead])

    def seconds_to(self, hours: int, share: float) -> float:
        """How far it is to the busy part of the hour that many hours on; `share` of that part has passed then."""
        begin, length = self.busy
        passed = (self.now - begin) // HOUR * HOUR
        return begin + passed + hours * HOUR + share * length - self.now

    @property
    def now(self) -> float:
        """What it shows."""
        return time.time() + self.ahead

    @property
    def ahead(self) -> float:
        """How far it is ahead of the witness's clock now, in seconds."""
        return self.steps[-1].ahead if self.steps else 0.0

    def first_shown_at(self, instant: float) -> float:
        """When, by the witness's clock, the service's clock first showed this instant or a later one."""
        began_at, ahead = 0.0, 0.0
        for step in self.steps:
            if instant - ahead < step.at:
                break
            began_at, ahead = step.at, step.ahead
        return max(began_at, instant - ahead)
