"""A worker keeps its lease and finishes its attempt."""

from typing import Final

from tests.mutants.catalogue.places import EXECUTION, RUN, RUNS, STATES
from tests.mutants.mutant import Mutant

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
        RUNS,
        '" WHERE id = %s AND attempt = %s AND state = %s"',
        '" WHERE id = %s AND attempt <= %s + 1 AND state = %s"',
        (f"{STATES}::test_a_worker_that_lost_the_run_changes_nothing",),
    ),
    Mutant(
        "no state in the fence of a success",
        RUNS,
        '" WHERE id = %s AND attempt = %s AND state = %s"',
        "\" WHERE id = %s AND attempt = %s AND state <> %s || 'x'\"",
        (f"{STATES}::test_a_run_that_has_ended_stays_as_it_is",),
    ),
    Mutant(
        "another worker's lease is renewed",
        RUNS,
        "WHERE worker = %s AND state = %s",
        "WHERE (worker = %s OR worker <> '') AND state = %s",
        (f"{STATES}::test_another_workers_lease_is_not_renewed",),
    ),
    Mutant(
        "a lease is not renewed",
        RUNS,
        "until = connection.ops.adapt_datetimefield_value(now + lease)",
        "until = connection.ops.adapt_datetimefield_value(now)",
    ),
    Mutant(
        "a heartbeat keeps a lost lease",
        "workers/heartbeat.py",
        "                lease.is_revoked = True\n",
        "                lease.is_revoked = False\n",
        (f"{EXECUTION}::test_a_lease_the_database_no_longer_grants_is_lost_at_once",),
    ),
    Mutant(
        "a lease that could not be renewed in time counts as held",
        "workers/heartbeat.py",
        "            self.is_revoked = True  # for good",
        "            pass  # for good",
        (f"{EXECUTION}::test_a_heartbeat_that_cannot_reach_the_database_loses_its_leases_in_time",),
    ),
    Mutant(
        "a call that waits for its agent is not ended when its lease is lost",
        "workers/runtimes/lookout.py",
        "if _is_unwanted(wait.watch):",
        "if _is_unwanted(wait.watch) and wait.is_ended:",
        ("tests/workers/runtimes/test_responses_limits.py::test_the_wish_to_abort_ends_every_call",),
    ),
    Mutant("an attempt is not counted", RUNS, '"attempt": F("attempt") + 1', '"attempt": F("attempt")'),
    Mutant(
        "one attempt more than the most",
        "schedules/retries.py",
        "if attempt >= policy.max_attempts:",
        "if attempt > policy.max_attempts:",
        ("tests/schedules/test_retries.py::test_the_last_attempt_has_no_next",),
    ),
    Mutant(
        "a retry does not wait",
        RUNS,
        '        "not_before": not_before,\n        "redispatch_at"',
        '        "redispatch_at"',
        (f"{STATES}::test_a_retryable_failure_goes_back_to_pending_with_the_next_attempt",),
    ),
    Mutant(
        "a run that has ended is cancelled",
        RUNS,
        "Run.objects.filter(id=run_id, state__in=(RunState.PENDING, RunState.RUNNING)).update(",
        "Run.objects.filter(id=run_id).update(",
    ),
)
