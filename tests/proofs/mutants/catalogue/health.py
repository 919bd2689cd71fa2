"""Health that can be red, loops that may stand still, and keys that may be the wrong ones."""

from typing import Final

from tests.proofs.mutants.catalogue.places import (
    BROKER_HEALTH,
    BROKER_STATES,
    DATABASE_HEALTH,
    HEALTH,
    HEALTH_TESTS,
    KEYS_TESTS,
    KNOWN_KEYS,
    LOOPS,
    LOOPS_TESTS,
)
from tests.proofs.mutants.mutant import Mutant

HEALTHY: Final = (
    Mutant(
        "a broker that takes no writes is healthy",
        BROKER_HEALTH,
        "    both.lpush(queue, PROBE)\n    both.lpop(queue)\n",
        "    both.llen(queue)\n",
        (
            f"{BROKER_STATES}::test_one_out_of_memory",
            f"{BROKER_STATES}::test_a_replica_that_is_read_only",
            f"{BROKER_STATES}::test_too_few_replicas",
        ),
    ),
    Mutant(
        "the probe of the broker can be delivered",
        BROKER_HEALTH,
        "    both.lpop(queue)\n",
        "    both.llen(queue)\n",
        (f"{BROKER_STATES}::test_the_probe_is_never_delivered_and_changes_nothing",),
    ),
    Mutant(
        "what stands under a queue's key does not matter",
        BROKER_HEALTH,
        'is_ not in (wanted, b"none")',
        "is_ is None",
        (f"{BROKER_STATES}::test_something_else_under_a_key_of_the_queue",),
    ),
    Mutant(
        "a database without its tables is healthy",
        DATABASE_HEALTH,
        "        for table in _TABLES:\n",
        "        for table in []:\n",
        (f"{HEALTH_TESTS}::test_a_locked_table_is_not_waited_for",),
    ),
    Mutant(
        "a broker that is away takes the API out of the balancer",
        HEALTH,
        "if only in (None, name)}",
        "if name}",
        (f"{HEALTH_TESTS}::test_who_asks_about_the_database_only_does_not_hear_of_the_broker",),
    ),
    Mutant(
        "a loop that stands still is not noticed",
        LOOPS,
        "            loop.stood_seconds += elapsed_seconds\n",
        "            pass\n",
        (f"{LOOPS_TESTS}::test_only_time_without_a_round_counts",),
    ),
    Mutant(
        "a loop that waits for the database is taken for one that stands still",
        LOOPS,
        " or _waits_outside(frames.get(loop.thread))",
        "",
        (f"{LOOPS_TESTS}::test_waiting_for_the_database_is_not_standing_still",),
    ),
    Mutant(
        "a process with another encryption key makes its own known",
        KNOWN_KEYS,
        "    if state.name in (OK, INCOMPLETE):\n",
        "    if state.name != MISSING:\n",
        (f"{KEYS_TESTS}::test_a_process_with_another_key_adds_nothing",),
    ),
    Mutant(
        "a key that somebody else sealed with is not missed",
        KNOWN_KEYS,
        "    missing = needed - own\n",
        "    missing = needed - needed\n",
        (f"{KEYS_TESTS}::test_a_newest_key_in_front_is_made_known_and_missed_by_those_without_it",),
    ),
)
