"""The short profile: a third of a minute of faults of many kinds, and nothing is lost, doubled or silent."""

import pytest

from tests.proofs.chaos import campaign, report
from tests.proofs.chaos.campaign import Campaign
from tests.proofs.chaos.faults import (
    SHORT,
    Fault,
    agents_fail,
    agents_throttle,
    cut_database_line,
    flush_broker,
    kill_beat,
    kill_broker,
    kill_web,
    kill_worker,
    restart_database,
    stop_worker,
)
from tests.proofs.chaos.product import SHORT_LEASE, Product
from tests.proofs.chaos.server_faults import lead_to_the_standby, poison_a_next_fire

pytestmark = [pytest.mark.processes, pytest.mark.alone, pytest.mark.postgresql]

SECONDS = 20.0
RATE = 12.0
DECK: dict[Fault, int] = dict.fromkeys(
    [
        agents_fail,
        agents_throttle,
        cut_database_line,
        flush_broker,
        kill_beat,
        kill_broker,
        kill_web,
        kill_worker,
        lead_to_the_standby,
        poison_a_next_fire,
        restart_database,
        stop_worker,
    ],
    1,
)


def test_nothing_is_lost_doubled_or_silent_while_everything_is_hurt() -> None:
    short = Campaign(lambda around: Product(around, SHORT_LEASE), 7, SECONDS, RATE, SHORT, DECK)

    outcome = campaign.run(short)

    assert outcome.is_clean, report.table(outcome)
    assert outcome.verdict.held_count > 0
    assert len({fault.kind for fault in outcome.faults}) >= 6
