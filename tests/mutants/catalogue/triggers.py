"""A person says run now: PostgreSQL's statement."""

from typing import Final

from tests.mutants.catalogue.places import BOTH_TWINS, CLAIM_RACES, FIRING, RACES, TRIGGER_STATEMENT
from tests.mutants.mutant import Mutant

TRIGGERS: Final = (
    Mutant(
        "the statement triggers an inactive schedule",
        TRIGGER_STATEMENT,
        " AND is_active\n",
        "\n",
    ),
    Mutant(
        "the statement triggers without the schedule's lock",
        TRIGGER_STATEMENT,
        "    FOR NO KEY UPDATE\n",
        "",
        (f"{RACES}::test_a_trigger_waits_for_a_delete_or_pause_and_is_then_refused",),
    ),
    Mutant(
        "a trigger beside a change of the cadence is of the old generation",
        TRIGGER_STATEMENT,
        "    FOR NO KEY UPDATE\n",
        "",
        (f"{CLAIM_RACES}::test_a_trigger_waits_for_a_new_cadence_and_belongs_to_it",),
    ),
    Mutant(
        "the lost message of a statement's trigger is never missed",
        TRIGGER_STATEMENT,
        "_interval(redispatch_seconds)",
        "_interval(9 * 86_400)",
    ),
    Mutant(
        "a statement's trigger starts at once",
        FIRING,
        "trigger_statement.add(schedule_id, TRIGGER_DELAY, now)",
        "trigger_statement.add(schedule_id, TRIGGER_DELAY * 0, now)",
        (f"{BOTH_TWINS}::test_run_now_makes_one_run_ten_seconds_later_and_leaves_the_cadence_alone",),
    ),
    Mutant(
        "a statement's trigger sends no message",
        FIRING,
        "    _ring_later(run)\n    return run\n\n\ndef retry",
        "    return run\n\n\ndef retry",
    ),
)
