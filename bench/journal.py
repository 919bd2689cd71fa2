"""What a line of the journal costs the act that it is about, among 100,000 lines: a PATCH, a run now.

Each is measured as it is and without anything of the journal, in turns, a hundred at a time: processor time of
this process, and of the PostgreSQL process that serves it.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

from django.db import connection

from bench import measuring, population
from bench.reporting import Report
from bench.retrieve import environ_of
from bench.servers import Servers
from schedules import api_keys, editing, journal
from schedules.models import Agent, JournalEntry, Schedule, Scope
from schedules.triggering import postgresql

SCHEDULES = 100
TURNS_A_ROUND = 8

_LINES = """
INSERT INTO schedules_journalentry
    (id, at, actor_kind, actor_id, actor_name, address, workspace_id, agent_id, verb, object_type, object_id,
     object_name, changes, revision, batch_id)
SELECT lpad(number::text, 26, '0'), now() - interval '1 day', 'key', lpad((number %% 20)::text, 26, '0'), 'backend',
    '203.0.113.7', %(workspace)s, %(agent)s, 'update', 'schedule',
    lpad((1 + number %% %(schedules)s)::text, 26, '0'), 'Summary',
    '{"display_name": {"old": "Summary", "new": "Evening summary"}}', number, ''
FROM generate_series(1, %(count)s::int) AS number
"""


def run(servers: Servers, rounds: int, *, is_quick: bool) -> Report:
    """CPU of each act with its line and without."""
    agent = population.make_agent()
    population.make_schedules(agent, SCHEDULES, _next_day())
    _fill(agent, 1_000 if is_quick else 100_000)
    report = Report(
        "journal", ("act", "part", "with its line, µs", "without, µs", "more"), measuring.machine()
    )
    for act, do in _acts(agent).items():
        _compare(report, act, do, 10 if is_quick else 100, rounds * TURNS_A_ROUND)
    report.note(
        "Medians of the turns; the last column is the median of each turn's ratio to its neighbour. "
        f"{JournalEntry.objects.count():,} lines at the end."
    )
    return report


def _next_day() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=1)


def _fill(agent: Agent, lines: int) -> None:
    values: dict[str, Any] = {
        "workspace": agent.workspace_id,
        "agent": agent.id,
        "schedules": SCHEDULES,
        "count": lines,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LINES, values)
        cursor.execute("VACUUM ANALYZE schedules_journalentry")


Act = Callable[[], object]


def _acts(agent: Agent) -> dict[str, Act]:
    token = api_keys.issue(agent.workspace, scope=Scope.WRITE).token
    paths = [f"/v3/agents/{agent.key}/schedules/{schedule.id}" for schedule in Schedule.objects.all()]
    number = count()

    def patch(changes: Callable[[int], dict[str, Any]]) -> Act:
        def act() -> None:
            nth = next(number)
            _ask(paths[nth % SCHEDULES], token, "PATCH", changes(nth // SCHEDULES), "200 OK")

        return act

    def trigger() -> None:
        _ask(f"{paths[next(number) % SCHEDULES]}/execution", token, "POST", None, "202 Accepted")

    return {
        "PATCH of the name": patch(lambda nth: {"display_name": f"Summary {nth}"}),
        "PATCH of the cadence": patch(lambda nth: {"expression": f"0 {nth % 60} {nth % 24} * * *"}),
        "run now": trigger,
    }


def _ask(path: str, token: str, method: str, body: Any, expected: str) -> None:
    """One request through the service's WSGI application, to the end."""
    from orqsite.wsgi import application

    raw = b"" if body is None else json.dumps(body).encode()
    environ = environ_of(path, f"Bearer {token}") | {
        "REQUEST_METHOD": method,
        "CONTENT_LENGTH": str(len(raw)),
        "wsgi.input": BytesIO(raw),
    }
    environ |= {"CONTENT_TYPE": "application/json"} if raw else {}
    statuses: list[str] = []

    def start(status: str, headers: Any, error: Any = None, /) -> Callable[[bytes], object]:
        statuses.append(status)
        return bytes

    response = application(environ, start)
    answer = b"".join(response)
    response.close()
    assert statuses == [expected], (statuses, answer)


@dataclass(frozen=True, slots=True)
class _Used:
    """Microseconds of one act."""

    ours: float
    server: float

    @property
    def total(self) -> float:
        return self.ours + self.server


def _compare(report: Report, act: str, do: Act, acts: int, turns: int) -> None:
    pairs: list[tuple[_Used, _Used]] = []
    for turn in range(turns + 1):
        pair = _turn(do, acts, is_off_first=bool(turn % 2))
        if turn:  # the first one is the warm-up
            pairs.append(pair)
    for part, of in (("this process", "ours"), ("PostgreSQL's", "server"), ("both", "total")):
        on, off = ([getattr(each, of) for each in side] for side in zip(*pairs, strict=True))
        more = median(a / b for a, b in zip(on, off, strict=True)) - 1
        report.row(act, part, median(on), median(off), f"{more:+.1%}")
        print(f"  {act:<22} {part:<14} {median(on):>8,.0f} {median(off):>8,.0f} {more:+.1%}", flush=True)


def _turn(do: Act, acts: int, *, is_off_first: bool) -> tuple[_Used, _Used]:
    if is_off_first:
        with _off():
            off = _measure(do, acts)
        return _measure(do, acts), off
    on = _measure(do, acts)
    with _off():
        return on, _measure(do, acts)


def _measure(do: Act, acts: int) -> _Used:
    for _ in range(5):
        do()
    server, ours = _server_seconds(), time.process_time()
    for _ in range(acts):
        do()
    ours_used, server_used = time.process_time() - ours, _server_seconds() - server
    return _Used(ours_used / acts * 1e6, server_used / acts * 1e6)


def _server_seconds() -> float:
    """Of the process behind our connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


@contextmanager
def _off() -> Iterator[None]:
    """Without the journal: no line, and nothing of what is done to write one."""
    head, _, rest = postgresql._ADD.partition("), line AS (")  # noqa: SLF001
    without = f"{head})\n{rest.partition('FROM run, schedule, asked' + chr(10) + ')' + chr(10))[2]}"
    assert "journalentry" not in without
    nothing: Any = lambda *_, **__: {}  # noqa: E731
    with (
        mock.patch.object(journal, "record", nothing),
        mock.patch.object(journal, "actor_columns", nothing),
        mock.patch.object(editing, "_recorded", nothing),
        mock.patch.object(editing, "_edits", nothing),
        mock.patch.object(postgresql, "_ADD", without),
    ):
        postgresql._statement.cache_clear()  # noqa: SLF001
        yield
    postgresql._statement.cache_clear()  # noqa: SLF001
