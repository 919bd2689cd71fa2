"""Messages a second: pipelined, beside plain apply_async of the same task."""

import time

from celery import current_app

from bench import measuring
from bench.plain_worker import plain_app
from bench.reporting import Report
from bench.servers import Servers
from schedules.database.ulids import new_ulids
from schedules.messages import dispatch


def run(servers: Servers, rounds: int, *, is_quick: bool) -> Report:
    """Both ways send the same messages to the same queue."""
    count = 2_000 if is_quick else 20_000
    pairs = [(run_id, 1) for run_id in new_ulids(count)]
    broker, app = servers.broker(0), plain_app()

    def pipelined() -> float:
        broker.flushdb()
        started = time.perf_counter()
        dispatch.send_now(pairs)
        return count / _checked(time.perf_counter() - started, count)

    def plain() -> float:
        broker.flushdb()
        message, some = app.signature(dispatch.EXECUTE_RUN, immutable=True), pairs[: count // 10]
        started = time.perf_counter()
        for pair in some:
            message.clone(args=pair).apply_async()
        return len(some) / _checked(time.perf_counter() - started, len(some))

    def _checked(seconds: float, sent: int) -> float:
        queued = broker.llen(current_app.conf.task_default_queue)
        assert queued == sent, f"{queued} of {sent} messages are queued"
        return seconds

    rates = measuring.interleaved({"send_now": pipelined, "apply_async": plain}, rounds)
    report = Report(
        "dispatch", ("way", "messages/s (median)", "range", "of apply_async"), measuring.machine()
    )
    for name, series in rates.items():
        report.row(name, series.median, series.spread, f"{series.median / rates['apply_async'].median:.1f} ×")
    return report
