"""A worker keeps its lease and finishes its attempt."""

from typing import Final

from tests.proofs.mutants.catalogue.places import EXECUTION, FINISH, LEASES, RUN, STATES, TRANSITIONS
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
        "workers/runtimes/http/aborting.py",
        "if _is_unwanted(wait.watch):",
        "if _is_unwanted(wait.watch) and wait.is_ended:",
        ("tests/workers/runtimes/test_responses_limits.py::test_the_wish_to_abort_ends_every_call",),
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
