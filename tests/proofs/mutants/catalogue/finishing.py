"""A worker keeps its lease and finishes its attempt."""

from typing import Final

from tests.proofs.mutants.catalogue.places import (
    ATTEMPTS,
    FINISH,
    KEEPING_LEASES,
    LEASES,
    RUN,
    STATES,
    TRANSITIONS,
)
from tests.proofs.mutants.mutant import Mutant

FINISHING: Final = (
    Mutant(
        "no attempt in the fence of a finish",
        RUN,
        "self.filter(id=run_id, attempt=attempt, state=RunState.RUNNING)",
        "self.filter(id=run_id, state=RunState.RUNNING)",
        (f"{STATES}::test_a_worker_that_lost_the_run_changes_nothing",),
    ),
    Mutant(
        "no state in the fence of a finish",
        RUN,
        "self.filter(id=run_id, attempt=attempt, state=RunState.RUNNING)",
        "self.filter(id=run_id, attempt=attempt)",
        (f"{STATES}::test_a_failure_of_a_run_that_was_cancelled_changes_nothing",),
    ),
    Mutant(
        "no attempt in the fence of a success",
        FINISH,
        '" WHERE id = %s AND attempt = %s AND state = %s"',
        '" WHERE id = %s AND attempt <= %s + 1 AND state = %s"',
        (f"{STATES}::test_a_worker_that_lost_the_run_changes_nothing",),
    ),
    Mutant(
        "no state in the fence of a success",
        FINISH,
        '" WHERE id = %s AND attempt = %s AND state = %s"',
        "\" WHERE id = %s AND attempt = %s AND state <> %s || 'x'\"",
        (f"{STATES}::test_a_run_that_has_ended_stays_as_it_is",),
    ),
    Mutant(
        "another worker's lease is renewed",
        LEASES,
        "WHERE worker = %s AND state = %s",
        "WHERE (worker = %s OR worker <> '') AND state = %s",
        (f"{STATES}::test_another_workers_lease_is_not_renewed",),
    ),
    Mutant(
        "a lease is not renewed",
        LEASES,
        "until = connection.ops.adapt_datetimefield_value(now + lease)",
        "until = connection.ops.adapt_datetimefield_value(now)",
    ),
    Mutant(
        "a heartbeat keeps a lost lease",
        "workers/heartbeat.py",
        "                lease.is_revoked = True\n",
        "                lease.is_revoked = False\n",
        (f"{KEEPING_LEASES}::test_a_lease_the_database_no_longer_grants_is_lost_at_once",),
    ),
    Mutant(
        "a lease that could not be renewed in time counts as held",
        "workers/heartbeat.py",
        "            self.is_revoked = True  # for good",
        "            pass  # for good",
        (f"{KEEPING_LEASES}::test_a_heartbeat_that_cannot_reach_the_database_loses_its_leases_in_time",),
    ),
    Mutant(
        "a call that waits for its agent is not ended when its lease is lost",
        "workers/runtimes/http/aborting.py",
        "if _is_unwanted(wait.limits):",
        "if _is_unwanted(wait.limits) and wait.is_ended:",
        ("tests/workers/runtimes/test_responses_limits.py::test_the_wish_to_abort_ends_every_call",),
    ),
    Mutant(
        "a silent agent is called again as long as attempts remain",
        FINISH,
        "if failure.is_retryable and not is_too_silent else None",
        "if failure.is_retryable else None",
        (f"{ATTEMPTS}::TestSilence::test_by_default_the_first_silence_is_the_last",),
    ),
    Mutant(
        "silences are counted for one attempt only",
        FINISH,
        "silent_count = claimed.silent_count + failure.is_silent",
        "silent_count = 0 + failure.is_silent",
        (f"{ATTEMPTS}::TestSilence::test_silences_are_counted_over_all_attempts",),
    ),
    Mutant(
        "one silence more than may be",
        FINISH,
        "silent_count >= claimed.agent.max_silent_attempts",
        "silent_count > claimed.agent.max_silent_attempts",
        (f"{ATTEMPTS}::TestSilence::test_by_default_the_first_silence_is_the_last",),
    ),
    Mutant(
        "an attempt that another one follows is forgotten",
        FINISH,
        "    attempts.keep_failed(claimed, facts, now)\n",
        "",
        (f"{ATTEMPTS}::TestHistory::test_a_failed_attempt_is_kept_when_another_follows",),
    ),
    Mutant(
        "the attempt of a lost worker is forgotten",
        LEASES,
        "for run in expired if run.attempt < run.max_attempts]",
        "for run in expired if run.attempt < 0]",
        (f"{ATTEMPTS}::TestHistory::test_a_lost_worker_is_an_attempt_that_was_lost",),
    ),
    Mutant(
        "what the agent said with a final failure is dropped",
        FINISH,
        "_answered(failure.answer, claimed.agent, now) if failure.answer is not None else {}",
        "{}",
        (f"{ATTEMPTS}::test_what_came_with_a_final_failure_is_kept",),
    ),
    Mutant(
        "a cadence run's key is its run's id",
        RUN,
        "    if fire_time is None:\n        return run_id\n",
        "    if fire_time or not fire_time:\n        return run_id\n",
        (f"{ATTEMPTS}::TestOccasion::test_a_firing_has_a_key_of_schedule_generation_and_fire_time",),
    ),
    Mutant("an attempt is not counted", TRANSITIONS, 'attempt=F("attempt") + 1', 'attempt=F("attempt")'),
    Mutant(
        "one attempt more than the most",
        "schedules/runs/retries.py",
        "if attempt >= policy.max_attempts:",
        "if attempt > policy.max_attempts:",
        ("tests/schedules/runs/test_retries.py::test_the_last_attempt_has_no_next",),
    ),
    Mutant(
        "a retry does not wait",
        TRANSITIONS,
        "        not_before=not_before,\n        redispatch_at",
        "        redispatch_at",
        (f"{STATES}::test_a_retryable_failure_goes_back_to_pending_with_the_next_attempt",),
    ),
    Mutant(
        "a run that has ended is cancelled",
        TRANSITIONS,
        "runs.filter(state__in=states_before(state))",
        "runs",
    ),
)
