"""The top of the hour: N schedules due in the same second, until every run is committed and its message queued."""

from collections.abc import Mapping
from functools import partial

from bench import contenders, measuring, population
from bench.contenders import Contender, Ours
from bench.measuring import Series
from bench.reporting import Report
from bench.servers import Servers

PEER_PATIENCE = 20.0
"""How long a herd beside the peers is watched: the slow ones would need minutes for all, their rate is the same."""

OURS, TWO, STOCK = "ours", "ours, two beats", "django-celery-beat"


def run(servers: Servers, rounds: int, *, is_quick: bool) -> Report:
    """Fires a second, ours beside the peers, and 100,000 at once with one beat and with two."""
    report = Report("herd", ("scheduler", "due at once", "fires/s", "range", "ours is"), measuring.machine())
    agent = population.make_agent()
    ours, two = Ours(servers, agent), Ours(servers, agent, beats=2)
    peers: dict[str, Contender] = {
        STOCK: contenders.stock(servers),
        "RedBeat": contenders.redbeat(servers),
        "APScheduler, PostgreSQL": contenders.apscheduler(servers),
    }
    few, many = (100, 1_000) if is_quick else (1_000, 10_000)
    _beside(report, {OURS: ours, **peers}, few, rounds)
    rates = _beside(report, {OURS: ours, TWO: two, **peers}, many, rounds)
    of_stock = rates[TWO].median / rates[STOCK].median
    report.note(f"Two beats are {of_stock:,.0f} × django-celery-beat's one; two of its own fire all twice.")
    _one_and_two_beats(report, {OURS: ours, TWO: two}, 10_000 if is_quick else 100_000, rounds)
    return report


def _beside(report: Report, field: Mapping[str, Contender], count: int, rounds: int) -> Mapping[str, Series]:
    herds = {name: partial(_rate, contender, count) for name, contender in field.items()}
    rates = measuring.interleaved(herds, rounds)
    for name, series in rates.items():
        ratio = rates[OURS].median / series.median
        report.row(name, count, series.median, series.spread, f"{ratio:,.1f} ×")
    return rates


def _rate(contender: Contender, count: int, patience: float = PEER_PATIENCE) -> float:
    return contenders.herd(contender, count, patience).rate


def _one_and_two_beats(report: Report, field: Mapping[str, Ours], count: int, rounds: int) -> None:
    herds = {name: partial(_rate, ours, count, 120) for name, ours in field.items()}
    rates = measuring.interleaved(herds, rounds)
    for name, series in rates.items():
        report.row(name, count, series.median, series.spread, "")
    one, two = (count / rates[name].median for name in (OURS, TWO))
    report.note(
        f"{count:,} are out in {one:.2f} s from one beat and in {two:.2f} s from two: two are {one / two:.2f} × one. "
        "Exactly one run and one message each, counted every round."
    )
