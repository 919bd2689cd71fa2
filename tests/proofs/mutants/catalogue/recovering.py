"""A beat returns lost runs and sends lost messages again."""

from typing import Final

from tests.proofs.mutants.catalogue.places import (
    BOTH_TWINS,
    LEASES,
    RACES,
    RECOVER,
    RUN,
    RUN_NOW,
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
    ),
    Mutant(
        "a stale run's message is sent again",
        RECOVER,
        "fresh = [run for run in runs if stale_reasons[run.id] is None]",
        "fresh = runs",
    ),
    Mutant(
        "the wait for a message does not grow",
        RECOVER,
        "run.redispatch_at = now + wait * 2 ** min(run.redispatch_count, MOST_DOUBLINGS)",
        "run.redispatch_at = now + wait",
        (f"{STATES}::test_undelivered_runs_are_taken_once_and_wait_twice_as_long_each_time",),
    ),
    Mutant(
        "the wait for a message grows without end",
        RECOVER,
        "MOST_DOUBLINGS = 3",
        "MOST_DOUBLINGS = 30",
        (f"{STATES}::test_the_wait_for_a_message_grows_to_eight_times_the_first",),
    ),
    Mutant(
        "a trigger's lost message is never missed",
        RUN_NOW,
        "redispatch_at=not_before + timedelta(seconds=settings.ORQ.redispatch_seconds)",
        "redispatch_at=not_before + timedelta(days=9)",
        (f"{BOTH_TWINS}::test_a_failed_run_is_run_again_with_the_payload_it_had",),
    ),
    Mutant(
        "messages are sent again while the queue is long",
        RECOVER,
        "    if room <= 0:\n",
        "    if room is None:\n",
    ),
    Mutant(
        "two beats send the same message again",
        RECOVER,
        '.select_for_update(skip_locked=True, of=("self",))\n        .select_related("schedule__agent")',
        '.select_related("schedule__agent")',
        (f"{RACES}::test_a_beat_passes_over_a_message_that_another_sends_again",),
    ),
)
