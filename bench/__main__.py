"""`python3 manage.py bench NAME [--rounds N] [--quick]`: run one benchmark, or name them all."""

import argparse
import importlib
import sys

from bench.reporting import Report
from bench.servers import servers, use_django

BENCHMARKS = {
    "herd": "N schedules due in the same second, beside django-celery-beat, RedBeat and APScheduler",
    "dispatch": "messages a second, beside plain apply_async",
    "trigger": "what one run-now costs, beside an ORM insert and a plain apply_async",
    "retrieve": "processor time of an authenticated retrieve, beside ordinary DRF + ORM and a bare view",
}


def main(arguments: list[str]) -> int:
    """Run what the arguments name; 0."""
    parser = argparse.ArgumentParser(
        prog="manage.py bench", description=_listed(), formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("name", choices=BENCHMARKS, metavar="NAME")
    parser.add_argument("--rounds", type=int, default=5, help="how often everything is measured (default 5)")
    parser.add_argument("--quick", action="store_true", help="small numbers: to see that it runs")
    options = parser.parse_args(arguments)
    with servers() as running:
        use_django(running)
        module = importlib.import_module(f"bench.{options.name}")  # now that its models can be imported
        report: Report = module.run(running, options.rounds, is_quick=options.quick)
    print(f"\n{report}\nkept in {report.keep()}")
    return 0


def _listed() -> str:
    return "\n".join(f"{name:<12} {what}" for name, what in BENCHMARKS.items())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
