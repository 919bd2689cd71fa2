"""Fires a second against the number of schedules due at once, ours beside the peers: what `bench plot` draws."""

from functools import partial

from bench import contenders, measuring, population
from bench.contenders import Contender, Ours
from bench.measuring import interleaved
from bench.reporting import Report
from bench.servers import Servers

PATIENCE = 20.0
"""How long a herd is watched: a slow one would need minutes, its rate is the same."""


def run(servers: Servers, rounds: int, *, is_quick: bool) -> Report:
    """Peers up to 10,000 at once, ours up to 100,000: filling the peers takes longer than firing."""
    report = Report("sizes", ("scheduler", "due at once", "fires/s", "range"), measuring.machine())
    ours = Ours(servers, population.make_agent())
    peers: dict[str, Contender] = {
        "django-celery-beat": contenders.stock(servers),
        "RedBeat": contenders.redbeat(servers),
        "APScheduler, PostgreSQL": contenders.apscheduler(servers),
    }
    for count in (100, 1_000) if is_quick else (100, 1_000, 10_000):
        _beside(report, {"ours": ours, **peers}, count, rounds)
    _beside(report, {"ours": ours}, 5_000 if is_quick else 100_000, rounds)
    return report


def _beside(report: Report, field: dict[str, Contender], count: int, rounds: int) -> None:
    herds = {name: partial(_rate, contender, count) for name, contender in field.items()}
    for name, series in interleaved(herds, rounds).items():
        report.row(name, count, series.median, series.spread)


def _rate(contender: Contender, count: int) -> float:
    return contenders.herd(contender, count, PATIENCE).rate
