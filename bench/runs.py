"""What one run with an instant agent costs a worker process: claim, call, finish; beside a plain Celery task."""

from bench import measuring, population, waves
from bench.plain_worker import PlainWorker
from bench.processes import wait_for, worker
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
        total = count * rounds + 20
        wait_for(lambda: plain.rows() == total, 10, f"{total} rows")  # the last are saved after their calls
    runs, started = Run.objects.count(), Schedule.objects.filter(trigger_count=1).count()
    assert runs == started == total, f"{runs} runs of {started} schedules that started once, not {total}"
    assert calls == 2 * total, f"{calls} calls of {total} runs and as many tasks"
    report = Report("runs", ("way", "CPU of one, ms", "range", "of the plain task"), measuring.machine())
    theirs_median = cost["plain task: call, save a row"].median
    for name, series in cost.items():
        report.row(name, series.median, series.spread, f"{series.median / theirs_median:.2f} ×")
    report.note(f"{runs:,} runs succeeded, {total:,} rows saved, {calls:,} calls at the agent: counted.")
    return report
