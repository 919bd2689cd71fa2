"""`python3 manage.py bench NAME [--rounds N] [--quick]`: run one benchmark, or name them all."""

import argparse
import importlib
import sys

from bench import plot, results
from bench.reporting import Report
from bench.servers import embedded_servers, servers, use_django

BENCHMARKS = {
    "herd": "N schedules due in the same second, beside django-celery-beat, RedBeat and APScheduler",
    "dispatch": "messages a second, beside plain apply_async",
    "idle": "a tick, a start and the memory of a beat with 1,000,000 schedules, none due",
    "edits": "from an edit to its effect; due fires during 100 PATCH/s",
    "steady": "200 fires/s: from the fire time to the claim",
    "outage": "10,000 schedules of an agent that is down, beside a steady stream: messages and lateness",
    "stop": "everything is held in the middle of a stream: the last start after the answer",
    "calls": "1,000 slow agent calls in one worker process, beside plain Celery tasks and asyncio",
    "runs": "what one run costs a worker, beside a plain Celery task",
    "spans": "what the spans of an attempt cost, beside the tracer of OpenTelemetry's SDK",
    "sqlite": "a herd and a stream on SQLite and the embedded Valkey, as `up` runs them",
    "growth": "a herd among more and more schedules; a history of 20,000,000 runs; retention",
    "audit": "the audit of 7,200,000 instants, beside an older checkout",
    "listing": "the list of 200,000 schedules without a limit: first byte, last byte, memory of the web server",
    "workspace": "the lists and the overview of 1,000,000 schedules and 5,000,000 runs",
    "console": "the console's pages with 1,000,000 schedules and 5,000,000 runs",
    "trigger": "what one run-now costs, beside an ORM insert and a plain apply_async",
    "machinery": "what each piece that bends a library gains, beside the same without it",
    "journal": "what a line of the journal costs a PATCH and a run now, among 100,000 lines",
    "metrics": "/metrics with 1,000,000 schedules and 5,000,000 runs, a fold, and a recount",
    "neighbours": "one run a second beside another workspace's herd, or its calls that hang",
    "retrieve": "processor time of an authenticated retrieve, beside ordinary DRF + ORM and a bare view",
}

FROM_KEPT = {
    "plot": "draw fires/s against N from what `herd` has kept (bench/herd.svg)",
    "results": "fill the tables of bench/RESULTS.md from what was kept",
}


def main(arguments: list[str]) -> int:
    """Run what the arguments name; 0."""
    parser = argparse.ArgumentParser(
        prog="manage.py bench", description=_listed(), formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("name", choices=[*BENCHMARKS, *FROM_KEPT], metavar="NAME")
    parser.add_argument("--rounds", type=int, default=5, help="how often everything is measured (default 5)")
    parser.add_argument("--quick", action="store_true", help="small numbers: to see that it runs")
    options = parser.parse_args(arguments)
    if options.name in FROM_KEPT:
        print(f"written to {plot.plot() if options.name == 'plot' else results.fill()}")
        return 0
    with embedded_servers() if options.name == "sqlite" else servers() as running:
        use_django(running)
        module = importlib.import_module(f"bench.{options.name}")  # now that its models can be imported
        report: Report = module.run(running, options.rounds, is_quick=options.quick)
        report.machine["rounds"] = options.rounds
    print(f"\n{report}\nkept in {report.keep()}")
    return 0


def _listed() -> str:
    return "\n".join(f"{name:<12} {what}" for name, what in (BENCHMARKS | FROM_KEPT).items())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
