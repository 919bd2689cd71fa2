"""The chaos run as a command: exit code 1 when something was lost, doubled, stale or unaccounted for.

python -m tests.proofs.chaos --seconds 400      continuous faults of every kind: some 10,000 runs
python -m tests.proofs.chaos --clock            the clock is stepped forward and back, with a few other faults
python -m tests.proofs.chaos --stock            the same load and faults on stock Celery beat, as the baseline
python -m tests.proofs.chaos recovery           one fault at a time, and how long each takes to get over
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.proofs.chaos import campaign, recovery, report
from tests.proofs.chaos.campaign import Campaign
from tests.proofs.chaos.decks import CLOCK_FAULTS, FAULTS, LONG_FAULTS, REFUSALS
from tests.proofs.chaos.faults import SHORT, Pace
from tests.proofs.chaos.lead import TooLate
from tests.proofs.chaos.limits import Limits
from tests.proofs.chaos.product import FAST_CATCH_UP, SHORT_LEASE, SOON_BELIEVED, Product
from tests.proofs.chaos.site import Site, Surroundings

BEGAN_AT = time.monotonic()
SHORT_SECONDS = 90.0
"""Shorter runs have a shorter lease and quicker faults."""


def main() -> int:
    """Run it and print what it showed; 1 when something was lost, doubled or wrong."""
    options = _options()
    if options.what == "recovery":
        return _recovery()
    try:
        outcome = campaign.run(_campaign(options), say=_say, keep=options.keep)
    except TooLate as too_late:
        sys.exit(f"Not run: {too_late}")
    print(report.table(outcome))
    if options.json:
        report.write_json(outcome, options.json)
    return 0 if outcome.is_clean else 1


def _recovery() -> int:
    measured = recovery.measure(say=_say)
    print(measured)
    return 0 if measured.is_in_time else 1


def _say(line: str) -> None:
    print(f"{time.monotonic() - BEGAN_AT:7.1f} s  {line}", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.proofs.chaos", description="The service under seeded faults."
    )
    parser.add_argument(
        "what",
        nargs="?",
        choices=["campaign", "recovery"],
        default="campaign",
        help="continuous faults, or one fault at a time (campaign)",
    )
    parser.add_argument("--seconds", type=float, default=300.0, help="how long schedules come due (300)")
    parser.add_argument("--seed", type=int, default=1, help="the same load and faults for the same seed (1)")
    parser.add_argument("--rate", type=float, default=30.0, help="starts a second, about (30)")
    parser.add_argument("--stock", action="store_true", help="the same on stock Celery beat, as a baseline")
    parser.add_argument(
        "--clock", action="store_true", help="step the service's clock, with a few other faults"
    )
    parser.add_argument(
        "--latest", type=float, default=120.0, metavar="SECONDS", help="no start may be later than that (120)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="copy all logs there")
    return parser.parse_args()


def _campaign(options: argparse.Namespace) -> Campaign:
    is_short = options.seconds < SHORT_SECONDS
    pace = SHORT if is_short else Pace()
    site = _site(options, is_short=is_short)
    deck = CLOCK_FAULTS if options.clock else FAULTS if is_short else LONG_FAULTS
    if not (options.stock or options.clock):
        deck = {**deck, **REFUSALS}
    limits = Limits(options.latest)
    return Campaign(
        site, options.seed, options.seconds, options.rate, pace, deck, limits, has_clock=options.clock
    )


def _site(options: argparse.Namespace, *, is_short: bool) -> Callable[[Surroundings], Site]:
    if options.stock:
        from tests.proofs.chaos.stock.site import Stock

        return Stock
    settings = (SHORT_LEASE if is_short else {}) | (FAST_CATCH_UP | SOON_BELIEVED if options.clock else {})
    return lambda around: Product(around, settings, has_clock=options.clock)


if __name__ == "__main__":
    sys.exit(main())
