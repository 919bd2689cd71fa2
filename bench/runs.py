"""What one run with an instant agent costs a worker process: claim, call, finish; beside a plain Celery task."""

from bench import measuring, population, waves
from bench.plain_worker import PlainWorker
from bench.processes import worker
from bench.reporting import Report
from bench.servers import Servers
from bench.slow_agent import slow_agent
from schedules.models import Run, Schedule

THREADS = 16


def run(servers: Servers, rounds: int, *, is_quick: bool) -> Report:
    """CPU of the worker process a run; both make the same call, the plain task saves one row with the ORM."""
    count = 200 if is_quick else 3_000
    plain = PlainWorker(servers)
    with (
        slow_agent(servers.folder, 0) as server,
        worker(servers.folder, THREADS) as ours,
        plain.running(THREADS) as theirs,
    ):
        agent = population.make_agent("responses", base_url=server.url)
        waves.warm_up(agent, ours)
        plain.wave(theirs, "call_and_save", server, 20)
        cost = measuring.interleaved(
            {
                "ours: claim, call, finish": lambda: waves.wave(agent, ours, count),
                "plain task: call, save a row": lambda: plain.wave(theirs, "call_and_save", server, count),
            },
            rounds,
        )
        calls = server.counts[2]
    runs, rows = Run.objects.count(), plain.rows()
    assert runs == rows == Schedule.objects.filter(trigger_count=1).count() == count * rounds + 20
    assert calls == runs + rows, "each called its agent once"
    report = Report("runs", ("way", "CPU of one, ms", "range", "of the plain task"), measuring.machine())
    theirs_median = cost["plain task: call, save a row"].median
    for name, series in cost.items():
        report.row(name, series.median, series.spread, f"{series.median / theirs_median:.2f} ×")
    report.note(f"{runs:,} runs succeeded, {rows:,} rows saved, {calls:,} calls at the agent: counted.")
    return report
