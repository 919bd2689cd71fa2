"""How the service itself stands: what is wrong with it, each in a word for programs and a sentence for people."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from schedules import lengths
from schedules.health import states
from schedules.health.report import Report, broker_verdict, database_verdict, recent_report
from schedules.models import ProcessKind

LATE: Final = timedelta(seconds=60)
"""From here on what is due has waited too long: in a service that is well it waits for seconds."""


class Severity(StrEnum):
    """Whether work stands still, or only suffers."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that is wrong."""

    severity: Severity
    code: str
    words: str


def standing() -> list[Concern]:
    """What is wrong with the service itself; nothing if all is well."""
    return [*_servers(), *_processes(found := recent_report()), *_clock(found), *_waiting(found)]


@dataclass(frozen=True, slots=True)
class AtWork:
    """Who is alive, and how many calls their workers have in flight."""

    beat_count: int
    worker_count: int
    in_flight_count: int


def at_work(found: Report) -> AtWork:
    """As they have registered."""
    workers = found.alive(ProcessKind.WORKER)
    in_flight = sum(worker.in_flight_count for worker in workers)
    return AtWork(len(found.alive(ProcessKind.BEAT)), len(workers), in_flight)


def _servers() -> Iterator[Concern]:
    for name, state in (("database", database_verdict()), ("broker", broker_verdict())):
        if state != states.OK:
            words = f"The {name} {states.SENTENCES[state]}: nothing new is accepted"
            yield Concern(Severity.ERROR, f"{name}_{state}", words)


def _processes(found: Report) -> Iterator[Concern]:
    if not found.alive(ProcessKind.BEAT):
        words = "No beat is alive: nothing fires until one is started"
        yield Concern(Severity.ERROR, "no_beat", words)
    if not found.alive(ProcessKind.WORKER):
        words = "No worker is alive: no run starts until one is started"
        yield Concern(Severity.ERROR, "no_worker", words)


def _clock(found: Report) -> Iterator[Concern]:
    if found.clock == "leapt":
        ahead = lengths.length(found.clock_ahead)
        words = f"The database's clock has leapt {ahead} ahead: nothing fires for a time that is not"
        yield Concern(Severity.ERROR, "clock_leapt", words)
    elif found.clock == "hosts_disagree":
        offset = lengths.length(found.clock_offset)
        words = f"A host's clock differs from the database's by {offset}: set it right"
        yield Concern(Severity.WARNING, "hosts_disagree", words)


def _waiting(found: Report) -> Iterator[Concern]:
    fire, run = found.overdue.fire, found.overdue.run
    if fire is not None and fire > LATE:
        words = f"A fire time has waited for {lengths.length(fire)} to be fired"
        yield Concern(Severity.ERROR, "fire_waits", words)
    if run is not None and run > LATE:
        words = (
            f"A run has waited for {lengths.length(run)} to start: "
            "there are too few workers, or its limit is reached"
        )
        yield Concern(Severity.WARNING, "run_waits", words)
