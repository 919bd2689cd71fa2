"""When a run may begin: after all its schedules have been made, measured on this machine as busy as it is."""

import time

from tests.proofs.chaos import plan
from tests.proofs.chaos.site import Site

SAMPLE_COUNT = 100
MARGIN = 2.0
"""So many times as long as it should take."""

CALM_SECONDS = 2.0


class TooLate(Exception):
    """The schedules' first instants came before the schedules: the machine has become too busy; run it again."""


def start_for(site: Site, count: int) -> int:
    """A whole second by which the site will have made `count` schedules; makes a few that never come due."""
    now = began_at = time.time()
    seconds = site.load([plan.far(f"sample-{number}", "quick-1", now) for number in range(SAMPLE_COUNT)])
    getting_ready = time.time() - began_at - seconds
    needed = getting_ready + seconds * count / SAMPLE_COUNT
    return int(time.time() + CALM_SECONDS + MARGIN * needed) + 1


def require_lead(start: float) -> float:
    """Seconds that are left; TooLate when there are none."""
    left = start - time.time()
    if left < 0:
        raise TooLate(
            f"the schedules were made {-left:.0f} s too late; the machine is too busy: run it again"
        )
    return left
