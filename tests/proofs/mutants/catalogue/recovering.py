"""A beat returns lost runs and sends lost messages again."""

from typing import Final

from tests.proofs.mutants.catalogue.places import (
    FAIR_TURNS,
    FAIR_TURNS_POSTGRESQL,
    LEASES,
    RACES,
    RECOVER,
    RUN,
    RUN_NOW,
    RUNNING_NOW,
    STATES,
)
from tests.proofs.mutants.mutant import Mutant

RECOVERING: Final = (
    Mutant(
        "recovery does not look at the lease",
        RUN,
        "self.filter(state=RunState.RUNNING, lease_expires_at__lt=now)",
        "self.filter(state=RunState.RUNNING)",
    ),
    Mutant(
        "a run lost on its last attempt comes back",
        LEASES,
        'lost.filter(attempt__lt=F("max_attempts"))',
        "lost",
    ),
    Mutant(
        "a run of a lost worker stays running",
        RECOVER,
        "    take_back_expired(now, BATCH)\n",
        "",
    ),
    Mutant(
        "lost runs are not recovered in one transaction (Django refuses the lock)",
        LEASES,
        "@transaction.atomic\ndef take_back_expired",
        "def take_back_expired",
        (RACES,),
    ),
    Mutant(
        "a lost message is not sent again",
        RECOVER,
        "    dispatch.send_now(redispatched)\n",
        "",
    ),
    Mutant(
        "a message is sent again in any state",
        RUN,
        "self.pending().filter(redispatch_at__lte=now)",
        "self.filter(redispatch_at__lte=now)",
        database="sqlite",
    ),
    Mutant(
        "a stale run's message is sent again",
        RECOVER,
        "fresh = [run for run in runs if run.id not in stale_ids]",
        "fresh = runs",
        database="sqlite",
    ),
    Mutant(
        "the wait for a message does not grow",
        RECOVER,
        "run.redispatch_at = now + wait * 2 ** min(run.redispatch_count, MOST_DOUBLINGS)",
        "run.redispatch_at = now + wait",
        (f"{STATES}::test_undelivered_runs_are_taken_once_and_wait_twice_as_long_each_time",),
        database="sqlite",
    ),
    Mutant(
        "the wait for a message grows without end",
        FAIR_TURNS,
        "MOST_DOUBLINGS = 3",
        "MOST_DOUBLINGS = 30",
        (f"{STATES}::test_the_wait_for_a_message_grows_to_eight_times_the_first",),
    ),
    Mutant(
        "a trigger's lost message is never missed",
        RUN_NOW,
        "redispatch_at=not_before + timedelta(seconds=settings.ORQ.redispatch_seconds)",
        "redispatch_at=not_before + timedelta(days=9)",
        (f"{RUNNING_NOW}::test_a_failed_run_is_run_again_with_the_payload_it_had",),
    ),
    Mutant(
        "messages are sent again while the queue is long",
        RECOVER,
        "    if room <= 0:\n",
        "    if room is None:\n",
    ),
    Mutant(
        "two beats send the same message again",
        FAIR_TURNS_POSTGRESQL,
        "        FOR NO KEY UPDATE SKIP LOCKED\n    ) AS due\n",
        "    ) AS due\n",
        (f"{RACES}::test_a_beat_passes_over_a_message_that_another_sends_again",),
    ),
    Mutant(
        "the statement sends a stale run's message again",
        FAIR_TURNS_POSTGRESQL,
        "WHERE run.id = judged.id AND judged.may_start AND",
        "WHERE run.id = judged.id AND",
        (f"{STATES}::test_an_undelivered_run_of_a_stale_generation_is_discarded_not_sent",),
    ),
    Mutant(
        "the statement's wait for a message does not grow",
        FAIR_TURNS_POSTGRESQL,
        " * power(2, least(redispatch_count, %(most_doublings)s))",
        "",
        (f"{STATES}::test_undelivered_runs_are_taken_once_and_wait_twice_as_long_each_time",),
    ),
)
