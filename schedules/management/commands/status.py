"""`status`: how the service stands, on one page for people; exit code 1 while nothing can be accepted."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error

from schedules.database.clock import OFFSET_BOUND
from schedules.health import states
from schedules.health.broker import broker_state
from schedules.health.database import database_state
from schedules.health.report import Report, report
from schedules.messages import dispatch
from schedules.models import AuditResult, ProcessKind, ProcessRegistration
from schedules.secrets import known_keys

NAME_WIDTH = 18
Line = tuple[str, str]


class Command(BaseCommand):
    """Show how the service stands."""

    help = "Show database, broker, beats, workers, what waits and the last audit."

    def handle(self, *args: Any, **options: Any) -> None:
        parts = {"database": database_state(), "broker": broker_state()}
        for name, state in parts.items():
            self._write((name, "ok" if state == states.OK else f"{state}: it {states.SENTENCES[state]}"))
        if parts["database"] in (states.OK, states.READ_ONLY, states.DISK_FULL):
            self._show_the_rest(is_broker_asked=parts["broker"] == states.OK)
        if red := [name for name, state in parts.items() if state != states.OK]:
            raise CommandError(f"No work can be accepted because of the {' and the '.join(red)}.")

    def _show_the_rest(self, *, is_broker_asked: bool) -> None:
        try:
            self._write(("encryption keys", _of_the_keys()))
            found = report()
            for line in (("clock", _clock(found)), *_processes(found), *_waiting(found)):
                self._write(line)
            queue = dispatch.queue_length() if is_broker_asked else None
            self._write(("queue", "unknown" if queue is None else f"{queue} messages"))
            self._write(("last audit", _audit(found.times.trusted_at)))
        except Error as error:
            raise CommandError(f"The database cannot be read: {str(error).strip()}") from None

    def _write(self, line: Line) -> None:
        name, text = line
        self.stdout.write(f"{name:<{NAME_WIDTH}} {text}")


def _of_the_keys() -> str:
    state = known_keys.compare()
    return "ok" if state.name == known_keys.OK else f"{state.name}: {state}"


def _clock(found: Report) -> str:
    match found.clock:
        case "leapt":
            ahead = _duration(found.clock_ahead)
            return f"leapt: the database's is {ahead} ahead; nothing fires until it is right or believed"
        case "hosts_disagree":
            return f"hosts_disagree: one is off by {found.clock_offset.total_seconds():+.0f} s from the database's"
    return "ok"


def _processes(found: Report) -> Iterator[Line]:
    for kind in ProcessKind:
        registered = [process for process in found.processes if process.kind == kind]
        if not any(process.is_alive(found.at) for process in registered):
            yield kind.value, "none is alive"
        for process in registered:
            yield kind.value, _process(process, found.at)


def _process(process: ProcessRegistration, now: datetime) -> str:
    words = [f"{process.host}:{process.pid}", process.version]
    if process.kind == ProcessKind.WORKER:
        words.append(f"{process.in_flight_count} of {process.thread_count} in flight")
    verb = "ticked" if process.kind == ProcessKind.BEAT else "seen"
    words.append(f"{verb} {_ago(now - process.last_seen_at)}")
    if abs(process.clock_offset) > OFFSET_BOUND:
        words.append(f"its clock is off by {process.clock_offset.total_seconds():+.0f} s")
    if not process.is_alive(now):
        words.append("GONE or standing still")
    return ", ".join(words)


def _waiting(found: Report) -> Iterator[Line]:
    yield "oldest due fire", _age(found.overdue.fire)
    yield "oldest due run", _age(found.overdue.run)


def _age(age: timedelta | None) -> str:
    return "none" if age is None else f"waits for {_duration(age)}"


def _audit(now: datetime) -> str:
    newest = AuditResult.objects.newest()
    if newest is None:
        return "none yet"
    findings = f", {newest.finding_count} finding(s)" if newest.finding_count else ""
    return f"{newest}{findings}, {_ago(now - newest.audited_at)}"


def _ago(age: timedelta) -> str:
    return f"{_duration(max(age, timedelta(0)))} ago"


def _duration(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 7200:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h" if seconds < 172_800 else f"{seconds // 86_400} d"
