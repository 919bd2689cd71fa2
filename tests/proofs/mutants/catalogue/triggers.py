"""A person says run now: PostgreSQL's statement."""

from typing import Final

from tests.proofs.mutants.catalogue.places import (
    CLAIM_RACES,
    RACES,
    RUN_NOW,
    RUNNING_NOW,
    TRIGGERING_POSTGRESQL,
)
from tests.proofs.mutants.mutant import Mutant

UNLOCKED: Final = (
    (
        "    UPDATE schedules_schedule AS schedule SET manual_count = manual_count + 1\n"
        "    WHERE id = %(schedule_id)s AND is_active\n"
        "      AND {is_free}\n"
        "    RETURNING schedule.id, agent_id, workspace_id, generation, agent_tag, manual_count,\n"
        "        coalesce(nullif(display_name, ''), left(expression, 255)) AS name\n"
    ),
    (
        "    SELECT id, agent_id, workspace_id, generation, agent_tag, manual_count + 1 AS manual_count,\n"
        "        coalesce(nullif(display_name, ''), left(expression, 255)) AS name\n"
        "    FROM schedules_schedule AS schedule WHERE id = %(schedule_id)s AND is_active\n"
        "      AND {is_free}\n"
    ),
)
"""The schedule's row is read, and not locked by counting on it."""

TRIGGERS: Final = (
    Mutant(
        "the statement triggers an inactive schedule",
        TRIGGERING_POSTGRESQL,
        " AND is_active\n",
        "\n",
    ),
    Mutant(
        "the statement triggers without the schedule's lock",
        TRIGGERING_POSTGRESQL,
        *UNLOCKED,
        (f"{RACES}::test_a_trigger_waits_for_a_delete_or_pause_and_is_then_refused",),
    ),
    Mutant(
        "a trigger beside a change of the cadence is of the old generation",
        TRIGGERING_POSTGRESQL,
        *UNLOCKED,
        (f"{CLAIM_RACES}::test_a_trigger_waits_for_a_new_cadence_and_belongs_to_it",),
    ),
    Mutant(
        "the lost message of a statement's trigger is never missed",
        TRIGGERING_POSTGRESQL,
        "_interval(redispatch_seconds)",
        "_interval(9 * 86_400)",
    ),
    Mutant(
        "a statement's trigger starts at once",
        RUN_NOW,
        "postgresql.add(schedule_id, TRIGGER_DELAY, now, traceparent)",
        "postgresql.add(schedule_id, TRIGGER_DELAY * 0, now, traceparent)",
        (f"{RUNNING_NOW}::test_run_now_makes_one_run_ten_seconds_later_and_leaves_the_cadence_alone",),
    ),
    Mutant(
        "a finished once is triggered",
        RUN_NOW,
        "(schedule.is_active or (ended is not None and schedule.is_finished))",
        "(schedule.is_active or schedule.is_finished)",
        (f"{RUNNING_NOW}::test_the_failed_run_of_a_finished_once_is_run_again_and_may_start",),
    ),
    Mutant(
        "the run of a finished once cannot be run again",
        RUN_NOW,
        "(schedule.is_active or (ended is not None and schedule.is_finished))",
        "schedule.is_active",
        (f"{RUNNING_NOW}::test_the_failed_run_of_a_finished_once_is_run_again_and_may_start",),
    ),
    Mutant(
        "a run is run again while an earlier repetition is open",
        RUN_NOW,
        "state__in=UNFINISHED_STATES",
        "state__in=()",
        (f"{RUNNING_NOW}::test_a_run_is_not_run_again_while_an_earlier_repetition_is_open",),
    ),
    Mutant(
        "a statement's trigger sends no message",
        RUN_NOW,
        "    _ring_later(run)\n    return run\n\n\ndef run_again",
        "    return run\n\n\ndef run_again",
    ),
)
