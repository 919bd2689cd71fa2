"""Whatever happens in whatever order, the service does what the ghost knows it must.

ORQ_TEST_EXAMPLES asks for that many random examples (the long lane; `--hypothesis-seed=N` repeats one); without
it a few fixed ones are run. The long lane also proves that everything of importance was reached, and prints
how often (`-s`). ORQ_TEST_SHRINK=no leaves a failing example as it was found.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.proofs.model.ghost import ENDED
from tests.proofs.model.machine import Machine
from tests.proofs.model.overlaps import overlaps_are_possible
from tests.proofs.model.stage import seen

GATE_EXAMPLES = 100
STEPS = 40


IMPORTANT = (
    *("fired in time", "fired late", "a once switched itself off", "beat killed after its commit"),
    *("missed: coalesced", "missed: replaced", "missed: paused", "missed: deleted"),
    *("triggered", "killed before the message of a trigger left", "run again", "edit: a new generation"),
    *("started", "started again", "too early", "succeeded", "failed for good", "failed, to be tried again"),
    *("fenced", "finished with a lapsed lease", "renewed", "nothing to renew"),
    *("recovered", "lost on its last attempt", "sent again", "cancelled while pending"),
    *("cancelled while running", "nothing sent again: the queue is long or away"),
    *("discarded by a beat", "discarded at its claim: stale_generation"),
    *("discarded at its claim: schedule_inactive", "discarded at its claim: schedule_deleted"),
    *("discarded at once: schedule_inactive", "discarded at once: schedule_deleted"),
    *("discarded at once: coalesced", "waits for a slot"),
    *(f"delivered again while {state}" for state in ("running", *ENDED)),
    *("held", "held: everything", "released", "missed: held", "discarded by a beat: held"),
    "a once has finished under a hold",
    *("cut off before the commit", "edit: after what its clock had not seen"),
)
ONLY_OVERLAPPED = ("two sessions at once", "waited for another session")


def profile() -> settings:
    """How many examples, and whether always the same ones."""
    asked = os.environ.get("ORQ_TEST_EXAMPLES")
    is_shrinking = os.environ.get("ORQ_TEST_SHRINK") != "no"
    return settings(
        max_examples=int(asked or GATE_EXAMPLES),
        stateful_step_count=STEPS,
        derandomize=not asked,
        database=None,
        deadline=None,
        print_blob=True,
        report_multiple_bugs=False,
        phases=[Phase.generate, *([Phase.shrink] if is_shrinking else [])],
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.usefixtures("transactional_db", "model_broker", "sessions", "silence")
def test_nothing_is_lost_nothing_doubled_nothing_silent() -> None:
    seen.clear()

    run_state_machine_as_test(Machine, settings=profile())

    if "ORQ_TEST_EXAMPLES" in os.environ:
        report()
        assert not unreached(), f"the machine never got as far as: {unreached()}"


def unreached() -> list[str]:
    """The events that must have occurred, or the machine has proved nothing about them."""
    possible = IMPORTANT + (ONLY_OVERLAPPED if overlaps_are_possible() else ())
    return [event for event in possible if not seen[event]]


def report() -> None:
    """What was reached, and how often."""
    print("\n" + "\n".join(f"{count:8,} × {event}" for event, count in sorted(seen.items())))
