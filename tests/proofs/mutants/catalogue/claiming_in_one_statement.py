"""The same rules in PostgreSQL's statement. What it refuses wrongly the portable claim starts: no mutants there."""

from typing import Final

from tests.proofs.mutants.catalogue.places import CLAIM_POSTGRESQL, CLAIM_RACES, RACES, STATES
from tests.proofs.mutants.mutant import Mutant

CLAIMING_IN_ONE_STATEMENT: Final = (
    Mutant(
        "the statement starts a run that waits no more",
        CLAIM_POSTGRESQL,
        "AND run.attempt = seen.attempt AND run.state || '' = 'pending'",
        "AND run.attempt = seen.attempt AND run.state <> 'succeeded'",
    ),
    Mutant(
        "the statement does not look at the state after its wait for the run",
        CLAIM_POSTGRESQL,
        " AND run.state || '' = 'pending'",
        " AND 'pending' = (SELECT r.state FROM schedules_run r WHERE r.id = %(run_id)s)",
        (f"{CLAIM_RACES}::test_a_claim_waits_for_a_cancellation_and_then_starts_nothing",),
    ),
    Mutant(
        "the statement does not check the attempt it read",
        CLAIM_POSTGRESQL,
        "run.attempt = seen.attempt AND ",
        "",
        (f"{CLAIM_RACES}::test_a_run_that_came_back_meanwhile_is_started_but_not_counted_again",),
    ),
    Mutant(
        "the statement starts a run before its time",
        CLAIM_POSTGRESQL,
        "AND run.not_before <= asked.at AND ",
        "AND ",
        (f"{STATES}::test_a_run_is_not_claimed_before_its_time",),
    ),
    Mutant(
        "the statement starts the run of another generation than the message's",
        CLAIM_POSTGRESQL,
        " AND run.generation = %(generation)s\n",
        "\n",
        (f"{STATES}::test_a_message_of_the_schedules_generation_starts_no_older_run",),
    ),
    Mutant(
        "the statement does not look at the schedule's generation",
        CLAIM_POSTGRESQL,
        "AND schedule.generation = %(generation)s AND",
        "AND",
        (STATES,),
    ),
    Mutant(
        "the statement does not look whether the schedule is active",
        CLAIM_POSTGRESQL,
        "      AND (schedule.is_active OR schedule.is_finished)\n",
        "",
        (STATES,),
    ),
    Mutant(
        "the statement does not look whether the schedule is deleted",
        CLAIM_POSTGRESQL,
        " AND schedule.deleted_at IS NULL",
        "",
        (f"{STATES}::test_a_run_of_a_schedule_that_is_gone_or_inactive_is_discarded",),
    ),
    Mutant(
        "the statement takes no row lock",
        CLAIM_POSTGRESQL,
        " FOR NO KEY UPDATE",
        "",
        (
            f"{CLAIM_RACES}::test_a_claim_waits_for_an_edit_and_sends_what_it_left",
            f"{RACES}::test_a_claim_waits_for_an_edit_and_then_starts_nothing",
        ),
    ),
    Mutant(
        "the statement starts with an old lease after a long wait",
        CLAIM_POSTGRESQL,
        "      AND pg_catalog.clock_timestamp() - statement_timestamp() < %(patience)s\n",
        "",
        (f"{RACES}::test_a_claim_that_waited_long_starts_nothing_with_an_old_lease",),
    ),
    Mutant(
        "the statement measures its wait before the lock",
        CLAIM_POSTGRESQL,
        "pg_catalog.clock_timestamp() - statement_timestamp()",
        "statement_timestamp() - statement_timestamp()",
        (f"{RACES}::test_a_claim_that_waited_long_starts_nothing_with_an_old_lease",),
    ),
    Mutant(
        "the statement reads the payload again at a retry",
        CLAIM_POSTGRESQL,
        "coalesce(run.payload, schedule.payload)",
        "schedule.payload",
        (f"{STATES}::test_the_payload_is_read_at_the_claim_and_kept_for_retries",),
    ),
    Mutant(
        "the statement reads the agent's tag again at a retry",
        CLAIM_POSTGRESQL,
        "CASE WHEN seen.is_first THEN schedule.agent_tag ELSE run.agent_tag END",
        "schedule.agent_tag",
        (f"{STATES}::test_the_agents_tag_is_read_at_the_first_claim_and_kept_for_retries",),
    ),
    Mutant(
        "the statement never reads the agent's tag",
        CLAIM_POSTGRESQL,
        "CASE WHEN seen.is_first THEN schedule.agent_tag ELSE run.agent_tag END",
        "run.agent_tag",
        (f"{STATES}::test_the_agents_tag_is_read_at_the_first_claim_and_kept_for_retries",),
    ),
    Mutant(
        "the statement counts each attempt",
        CLAIM_POSTGRESQL,
        " AND started.is_first\n",
        "\n",
    ),
    Mutant(
        "the statement does not count",
        CLAIM_POSTGRESQL,
        "SET trigger_count = trigger_count + 1, ",
        "SET ",
    ),
    Mutant(
        "the statement does not say when the schedule was last triggered",
        CLAIM_POSTGRESQL,
        ", last_triggered_at = asked.at",
        "",
    ),
    Mutant(
        "the statement forgets when the first attempt began",
        CLAIM_POSTGRESQL,
        "coalesce(run.started_at, asked.at)",
        "asked.at",
    ),
    Mutant(
        "the statement does not say how often the run may be tried",
        CLAIM_POSTGRESQL,
        "        max_attempts = agent.max_attempts\n",
        "        finished_at = NULL\n",
    ),
    Mutant(
        "the statement takes a lease that is over",
        CLAIM_POSTGRESQL,
        "asked.at + %(lease)s,",
        "asked.at - %(lease)s,",
    ),
)
