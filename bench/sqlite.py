"""SQLite and the embedded Valkey, as `up` runs them: a herd, and a steady stream with a beat and a worker."""

from bench import contenders, measuring, population
from bench.contenders import Ours
from bench.measuring import interleaved
from bench.reporting import Report
from bench.servers import Servers
from bench.steady import stream


def run(servers: Servers, rounds: int, *, is_quick: bool) -> Report:
    """Seconds until the herd is out, and the lateness of claims at 20 fires/s."""
    count, seconds = (1_000, 5) if is_quick else (10_000, 60)
    report = Report("sqlite", ("what", "runs", "measured", "range or worst"), measuring.machine())
    agent = population.make_agent()
    ours = Ours(servers, agent)
    herds = interleaved({"herd": lambda: contenders.herd(ours, count, patience=60).seconds}, rounds)["herd"]
    report.row("due at once, until all are fired", count, f"{herds.median:.2f} s", herds.spread)
    runs, median, p99, worst, _ = stream(servers, agent, 20, seconds)
    report.row(
        "20 fires/s, fire time to claim", runs, f"p50 {median:.3f} s, p99 {p99:.3f} s", f"{worst:.3f} s"
    )
    report.note("Exactly one run and one message each, every run of the stream succeeded: counted.")
    return report
