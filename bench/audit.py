"""The audit of a month of hourly schedules: its time and memory, beside an older checkout's on the same rows.

`ORQ_BENCH_BESIDE` names the folder of the older checkout, which has its `.venv`; without it ours is measured alone.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection

from bench import history, measuring, population
from bench.reporting import Report
from bench.servers import Servers
from schedules.database.clock import database_now

HOURS = 720
_EPOCHS = """
INSERT INTO schedules_cadenceepoch (schedule_id, generation, type, expression, began_at, ended_by)
SELECT id, generation, type, expression, %s, '' FROM schedules_schedule
"""
_COUNTED = "UPDATE schedules_schedule SET epoch_count = 1, expression = %s, anchor_at = %s"
_NEXT = "UPDATE schedules_nextfire SET expression = %s, anchor_at = %s, fire_time = %s"
_AUDIT = """
import json, resource, time, django
from datetime import datetime
django.setup()
from schedules.ledger import audit
now, since = map(datetime.fromisoformat, {moments!r})
began = time.perf_counter()
result = audit(now, since=since, most_findings=50)
seconds = time.perf_counter() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([seconds, peak, result.expected_count, result.accounted_count, len(result.findings)]))
"""
BESIDE = "ORQ_BENCH_BESIDE"


def run(servers: Servers, rounds: int, *, is_quick: bool) -> Report:
    """Seconds of a whole audit, each in a process of its own, in turns."""
    schedules = 500 if is_quick else 10_000
    ends_at = database_now().replace(minute=0, second=0, microsecond=0)
    _fill(servers, schedules, ends_at)
    peaks: dict[str, float] = {}
    ways = {
        name: _way(name, folder, python, ends_at, schedules, peaks) for name, folder, python in _checkouts()
    }
    series = measuring.interleaved(ways, rounds)
    report = Report(
        "audit", ("audit", "instants", "s", "range", "peak, MiB", "of the older"), measuring.machine()
    )
    oldest = series["older"].median if "older" in series else None
    for name, values in series.items():
        ratio = f"{values.median / oldest:.2f}" if oldest else ""
        report.row(name, schedules * HOURS, values.median, values.spread, peaks[name], ratio)
    report.note("Every instant accounted for and nothing found, each time.")
    return report


def _checkouts() -> list[tuple[str, Path, str]]:
    ours = ("ours", Path(__file__).resolve().parent.parent, sys.executable)
    beside = os.environ.get(BESIDE)
    if not beside:
        return [ours]
    return [ours, ("older", Path(beside), str(Path(beside) / ".venv/bin/python"))]


def _fill(servers: Servers, schedules: int, ends_at: datetime) -> None:
    """Hourly schedules that have all fired on time since they were made."""
    population.make_schedules(population.make_agent(), schedules, ends_at)
    began_at, expression = ends_at - timedelta(hours=HOURS + 1), "0 0 * * * *"
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, [expression, began_at])
        cursor.execute(_NEXT, [expression, began_at, ends_at])
        cursor.execute(_EPOCHS, [began_at])
    history.make(servers.own_database, HOURS * schedules, ends_at, schedules)
    population.settle()


def _way(
    name: str, folder: Path, python: str, ends_at: datetime, schedules: int, peaks: dict[str, float]
) -> Callable[[], float]:
    moments = [
        (ends_at - timedelta(seconds=1)).isoformat(),
        (ends_at - timedelta(hours=HOURS + 2)).isoformat(),
    ]

    def audit() -> float:
        done = subprocess.run(
            [python, "-c", _AUDIT.format(moments=moments)],
            cwd=folder,
            env={**os.environ, "ORQ_BOOTSTRAP": "off"},
            check=True,
            capture_output=True,
            text=True,
        )
        seconds, peak, *counts = json.loads(done.stdout.splitlines()[-1])
        assert counts == [schedules * HOURS, schedules * HOURS, 0], counts
        peaks[name] = max(peaks.get(name, 0.0), peak)
        return float(seconds)

    return audit
