"""Which faults a run deals, and how often; a deck is dealt through before it is shuffled again."""

from tests.proofs.chaos.faults import (
    Fault,
    agents_babble,
    agents_drip,
    agents_fail,
    agents_hang,
    agents_reset,
    agents_throttle,
    black_hole_database_line,
    cut_broker_line,
    cut_database_line,
    flush_broker,
    hold_broker_line,
    hold_database_line,
    kill_all_beats,
    kill_all_workers,
    kill_beat,
    kill_broker,
    kill_database,
    kill_web,
    kill_worker,
    restart_database,
    slow_database_line,
    step_clock_back,
    step_clock_forward,
    step_clock_hours,
    stop_beat,
    stop_broker,
    stop_worker,
)
from tests.proofs.chaos.server_faults import (
    demote_broker,
    exhaust_broker,
    isolate_broker,
    lead_to_the_standby,
    make_database_read_only,
    poison_a_next_fire,
)

FAULTS: dict[Fault, int] = {
    kill_worker: 4,
    kill_beat: 2,
    kill_web: 2,
    stop_worker: 2,
    stop_beat: 1,
    flush_broker: 2,
    kill_broker: 2,
    stop_broker: 1,
    restart_database: 1,
    kill_database: 1,
    cut_database_line: 2,
    cut_broker_line: 1,
    hold_database_line: 1,
    hold_broker_line: 1,
    slow_database_line: 1,
    agents_fail: 1,
    agents_throttle: 1,
    agents_hang: 1,
    agents_drip: 1,
    agents_babble: 1,
    agents_reset: 1,
}
"""All kinds that any run gets over."""

REFUSALS: dict[Fault, int] = {
    make_database_read_only: 1,
    lead_to_the_standby: 1,
    exhaust_broker: 1,
    isolate_broker: 1,
    demote_broker: 1,
    poison_a_next_fire: 2,
}
"""What answers, and refuses; the poison is put where only the service has tables."""

LONG_FAULTS: dict[Fault, int] = {
    **FAULTS,
    kill_all_workers: 1,
    kill_all_beats: 1,
    black_hole_database_line: 1,
}
"""The deck of a run that is long enough to get over these, too."""

CLOCK_FAULTS: dict[Fault, int] = {
    step_clock_forward: 2,
    step_clock_hours: 1,
    step_clock_back: 4,
    kill_worker: 1,
    kill_beat: 1,
    kill_database: 1,
    flush_broker: 1,
}
"""A deck for a site whose clock can be stepped."""
