"""The top of the hour: N schedules due in the same second, until every run is committed and its message queued."""

from functools import partial

from bench import contenders, measuring, population
from bench.contenders import Contender, Ours
from bench.reporting import Report
from bench.servers import Servers

PEER_PATIENCE = 20.0
"""How long a peer is watched: the slow ones would need minutes for all, their rate is the same."""


def run(servers: Servers, rounds: int, *, is_quick: bool) -> Report:
    """Fires a second, ours beside the peers, and 100,000 at once with one beat and with two."""
    report = Report("herd", ("scheduler", "due at once", "median", "range", "ours is"), measuring.machine())
    one, two = _ours(servers)
    _beside_peers(report, one, two, servers, 1_000 if is_quick else 10_000, rounds)
    _one_and_two_beats(report, one, two, 10_000 if is_quick else 100_000, rounds)
    return report


def _ours(servers: Servers) -> tuple[Ours, Ours]:
    agent = population.make_agent()
    return Ours(servers, agent), Ours(servers, agent, beats=2)


def _beside_peers(report: Report, one: Ours, two: Ours, servers: Servers, count: int, rounds: int) -> None:
    field: dict[str, Contender] = {
        "ours": one,
        "ours, two beats": two,
        "django-celery-beat": contenders.stock(servers),
        "RedBeat": contenders.redbeat(servers),
        "APScheduler, PostgreSQL": contenders.apscheduler(servers),
    }
    herds = {name: partial(_rate, contender, count) for name, contender in field.items()}
    rates = measuring.interleaved(herds, rounds)
    for name, series in rates.items():
        ratio = rates["ours"].median / series.median
        report.row(name, count, f"{series.median:,.0f} fires/s", series.spread, f"{ratio:,.1f} ×")
    of_stock = rates["ours, two beats"].median / rates["django-celery-beat"].median
    report.note(f"Two beats are {of_stock:,.0f} × django-celery-beat's one; two of its own fire all twice.")


def _rate(contender: Contender, count: int) -> float:
    return contenders.herd(contender, count, PEER_PATIENCE).rate


def _one_and_two_beats(report: Report, one: Ours, two: Ours, count: int, rounds: int) -> None:
    herds = {name: partial(_seconds, ours, count) for name, ours in (("one beat", one), ("two beats", two))}
    seconds = measuring.interleaved(herds, rounds)
    for name, series in seconds.items():
        rate = count / series.median
        report.row(f"ours, {name}", count, f"{series.median:.2f} s", series.spread, f"{rate:,.0f} fires/s")
    ratio = seconds["one beat"].median / seconds["two beats"].median
    report.note(
        f"Two beats are {ratio:.2f} × one. Exactly one run and one message each, counted every round."
    )


def _seconds(ours: Ours, count: int) -> float:
    return contenders.herd(ours, count, patience=120).seconds
