"""What one run with an instant agent costs a worker process: claim, call, finish; beside a plain Celery task.

And the same with a trace of each attempt, exported to a collector that answers, and to one that is away.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from django.db.models import F

from bench import measuring, population, waves
from bench.measuring import percentile
from bench.plain_worker import PlainWorker
from bench.processes import wait_for, worker
from bench.reporting import Report
from bench.servers import Servers
from bench.slow_agent import slow_agent
from orqsite.embedded.ports import LOOPBACK, free_port
from schedules.models import Agent, Run, Schedule
from tests.workers.tracing.collector import Collector

THREADS: Final = 16
WARM_UP: Final = 20
OURS, TRACED, AWAY = "ours: claim, call, finish", "ours, traced", "ours, traced, the collector is away"
PLAIN: Final = "plain task: call, save a row"


def run(servers: Servers, rounds: int, *, is_quick: bool) -> Report:
    """CPU of the worker process a run; all make the same call, the plain task saves one row with the ORM."""
    count = 200 if is_quick else 3_000
    plain = PlainWorker(servers)
    with (
        slow_agent(servers.folder, 0) as server,
        Collector() as collector,
        plain.running(THREADS) as theirs,
    ):
        agent = population.make_agent("responses", base_url=server.url)
        ours = _Workers(servers, agent, count)
        plain.wave(theirs, "call_and_save", server, WARM_UP)
        cost = measuring.interleaved(
            {
                OURS: lambda: ours.wave(OURS, {}),
                TRACED: lambda: ours.wave(TRACED, _exporting(collector.url)),
                AWAY: lambda: ours.wave(AWAY, _exporting(f"http://{LOOPBACK}:{free_port()}")),
                PLAIN: lambda: plain.wave(theirs, "call_and_save", server, count),
            },
            rounds,
        )
        calls = server.counts[2]
        saved = count * rounds + WARM_UP
        wait_for(lambda: plain.rows() == saved, 10, f"{saved} rows")  # the last are saved after their calls
        spans = len(collector.spans)
    total = 3 * rounds * (count + WARM_UP)
    runs, started = Run.objects.count(), Schedule.objects.filter(trigger_count=1).count()
    assert runs == started == total, f"{runs} runs of {started} schedules that started once, not {total}"
    assert calls == total + saved, f"{calls} calls of {total} runs and {saved} tasks"
    assert spans, "nothing was traced"
    report = Report("runs", ("way", "CPU of one, ms", "range", "of the plain task"), measuring.machine())
    theirs_median = cost[PLAIN].median
    for name, series in cost.items():
        report.row(name, series.median, series.spread, f"{series.median / theirs_median:.2f} ×")
    report.note(f"{runs:,} runs succeeded, {saved:,} rows saved, {calls:,} calls at the agent: counted.")
    report.note(_lengths(ours.lengths))
    return report


def _exporting(url: str) -> dict[str, str]:
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}


@dataclass
class _Workers:
    """A worker for each wave: two at once would share its runs."""

    servers: Servers
    agent: Agent
    count: int
    lengths: dict[str, list[float]] = field(default_factory=dict)
    """Of each way: seconds from the claim of a run to its record."""

    def wave(self, name: str, env: Mapping[str, str]) -> float:
        with worker(self.servers.folder, THREADS, env=env) as child:
            waves.wave(self.agent, child, WARM_UP)
            before = Run.objects.order_by("-id").values_list("id", flat=True)[0]
            milliseconds = waves.wave(self.agent, child, self.count)
        runs = Run.objects.filter(id__gt=before).annotate(length=F("finished_at") - F("started_at"))
        lengths = (length.total_seconds() for length in runs.values_list("length", flat=True))
        self.lengths.setdefault(name, []).extend(lengths)
        return milliseconds


def _lengths(lengths: Mapping[str, list[float]]) -> str:
    """How long runs took under full load, from the claim to the record."""
    words = []
    for name, values in lengths.items():
        ordered = sorted(values)
        p50, p99 = percentile(ordered, 50) * 1000, percentile(ordered, 99) * 1000
        words.append(f"{name.removeprefix('ours').strip(' :,') or 'ours'} {p50:.1f} and {p99:.1f} ms")
    return f"From claim to record, p50 and p99, {THREADS} at once: {'; '.join(words)}."
