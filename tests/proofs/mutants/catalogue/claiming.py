"""A worker claims a run: the rules of the portable claim, which starts runs on SQLite and names every refusal."""

from typing import Final

from tests.proofs.mutants.catalogue.places import ATTEMPTS, CLAIM, CLAIM_RACES, CLAIMS, RACES
from tests.proofs.mutants.mutant import Mutant

CLAIMING: Final = (
    Mutant(
        "no generation check at the claim",
        CLAIM,
        "    if schedule.generation != generation:",
        "    if schedule.generation < generation:",
    ),
    Mutant(
        "no active check at the claim",
        CLAIM,
        "if not (schedule.is_active or schedule.is_finished):",
        "if schedule.generation < 0:",
        (CLAIMS,),
    ),
    Mutant(
        "no deleted check at the claim",
        CLAIM,
        "    if schedule.deleted_at is not None or ",
        "    if ",
        (CLAIMS,),
    ),
    Mutant(
        "no check at the claim whether the agent is deleted",
        CLAIM,
        " or schedule.agent.deleted_at is not None:",
        ":",
        ("tests/api/test_agents.py::TestDeleting::test_no_run_of_it_starts",),
        database="sqlite",
    ),
    Mutant(
        "an unpinned run is sent without the active version",
        CLAIM,
        "(schedule.agent_tag or _active_tag(schedule.agent_id)) if is_first",
        "schedule.agent_tag if is_first",
        (ATTEMPTS,),
        database="sqlite",
    ),
    Mutant(
        "the run of a once that switched itself off is discarded",
        CLAIM,
        "if not (schedule.is_active or schedule.is_finished):",
        "if not schedule.is_active:",
        (f"{CLAIMS}::test_the_run_of_a_once_that_switched_itself_off_still_executes",),
        database="sqlite",
    ),
    Mutant(
        "a message of another generation starts the run",
        CLAIM,
        "    if run.generation != generation:\n        return NotClaimed.WRONG_GENERATION\n",
        "",
        (f"{CLAIMS}::test_a_message_of_another_generation_or_run_starts_nothing",),
    ),
    Mutant(
        "no row lock at the claim",
        CLAIM,
        'Schedule.objects.select_for_update(of=("self",), no_key=True)\n        .select_related',
        "Schedule.objects.select_related",
        (f"{CLAIM_RACES}::test_a_claim_waits_for_an_edit_and_sends_what_it_left",),
    ),
    Mutant("a run is claimed in any state", CLAIM, "Run.objects.claimable(taking.now)", "Run.objects.all()"),
    Mutant(
        "a run is claimed before its time",
        CLAIM,
        "Run.objects.claimable(taking.now)",
        "Run.objects.pending()",
        (f"{CLAIMS}::test_a_run_is_not_claimed_before_its_time",),
    ),
    Mutant(
        "the claim does not check the attempt it read",
        CLAIM,
        "claimable(taking.now).filter(id=run.id, attempt=run.attempt),",
        "claimable(taking.now).filter(id=run.id),",
        (f"{CLAIM_RACES}::test_the_portable_claim_starts_no_other_attempt_than_it_read",),
    ),
    Mutant(
        "the payload is read again at a retry",
        CLAIM,
        "payload = schedule.payload if run.payload is None else run.payload",
        "payload = schedule.payload",
        (f"{CLAIMS}::test_the_payload_is_read_at_the_claim_and_kept_for_retries",),
        database="sqlite",
    ),
    Mutant(
        "the payload is not kept on the run",
        CLAIM,
        "        payload=payload,\n        agent_tag=agent_tag,\n        max_attempts",
        "        agent_tag=agent_tag,\n        max_attempts",
        database="sqlite",
    ),
    Mutant(
        "counters move with each attempt",
        CLAIM,
        "is_first = run.started_at is None",
        "is_first = True",
        database="sqlite",
    ),
    Mutant(
        "counters do not move",
        CLAIM,
        'trigger_count=F("trigger_count") + 1, last_triggered_at=taking.now',
        "last_triggered_at=taking.now",
        database="sqlite",
    ),
    Mutant(
        "the claim is not one transaction (Django refuses the lock)",
        CLAIM,
        "    with transaction.atomic():\n        outcome = _claim(",
        "    if now:\n        outcome = _claim(",
        ("tests/races/test_claim_races.py",),
    ),
    Mutant(
        "a stale run is refused but not discarded",
        CLAIM,
        "return NotClaimed.DISCARDED if discard(run_id, reason, now) else NotClaimed.NOT_PENDING",
        "return NotClaimed.DISCARDED",
    ),
    Mutant(
        "a claim that waited long starts with an old lease",
        CLAIM,
        "if time.monotonic() - asked_at > lease.total_seconds() / 3:",
        "if time.monotonic() < asked_at:",
        (f"{RACES}::test_a_claim_that_waited_long_starts_nothing_with_an_old_lease",),
    ),
)
