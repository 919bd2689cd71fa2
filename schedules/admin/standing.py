"""How the service stands, for the front page: what is wrong comes first, in a sentence with the next step."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from schedules.admin import times
from schedules.health import states
from schedules.health.report import Report, broker_verdict, database_verdict, recent_report
from schedules.models import ProcessKind

LATE: Final = timedelta(seconds=60)
"""From here on what is due has waited too long: in a service that is well it waits for seconds."""


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of the front page. `kind`: error, warning or success; `href`: where more is said, or nothing."""

    kind: str
    words: str
    href: str = ""


def standing() -> list[Line]:
    """What is wrong with the service itself; nothing if all is well."""
    return [*_servers(), *_processes(found := recent_report()), *_clock(found), *_waiting(found)]


def alive(found: Report) -> str:
    """Who is at work, in a few words."""
    beats, workers = found.alive(ProcessKind.BEAT), found.alive(ProcessKind.WORKER)
    in_flight = sum(worker.in_flight_count for worker in workers)
    return f"{_counted(len(beats), 'beat')}, {_counted(len(workers), 'worker')} with {_counted(in_flight, 'call')}"


def _servers() -> Iterator[Line]:
    for name, state in (("database", database_verdict()), ("broker", broker_verdict())):
        if state != states.OK:
            yield Line("error", f"The {name} {states.SENTENCES[state]}: nothing new is accepted")


def _processes(found: Report) -> Iterator[Line]:
    if not found.alive(ProcessKind.BEAT):
        yield Line("error", "No beat is alive: nothing fires until one is started")
    if not found.alive(ProcessKind.WORKER):
        yield Line("error", "No worker is alive: no run starts until one is started")


def _clock(found: Report) -> Iterator[Line]:
    if found.clock == "leapt":
        ahead = times.length(found.clock_ahead)
        yield Line(
            "error", f"The database's clock has leapt {ahead} ahead: nothing fires for a time that is not"
        )
    elif found.clock == "hosts_disagree":
        offset = times.length(found.clock_offset)
        yield Line("warning", f"A host's clock differs from the database's by {offset}: set it right")


def _waiting(found: Report) -> Iterator[Line]:
    if found.overdue.fire is not None and found.overdue.fire > LATE:
        yield Line("error", f"A fire time has waited for {times.length(found.overdue.fire)} to be fired")
    if found.overdue.run is not None and found.overdue.run > LATE:
        yield Line(
            "warning",
            f"A run has waited for {times.length(found.overdue.run)} to start: "
            "there are too few workers, or its limit is reached",
        )


def _counted(count: int, name: str) -> str:
    return f"{count:,} {name}{'' if count == 1 else 's'}"
