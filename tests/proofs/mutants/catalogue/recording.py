"""The ledger: epochs and what was missed."""

from typing import Final

from tests.proofs.mutants.catalogue.places import (
    BOTH_TWINS,
    EDITING,
    EPOCHS,
    FIRING_PORTABLE,
    FIRING_POSTGRESQL,
)
from tests.proofs.mutants.mutant import Mutant

RECORDING: Final = (
    Mutant(
        "an edit does not end the epoch",
        EPOCHS,
        "CadenceEpoch.objects.filter(schedule=schedule, ended_at=None).update(ended_at=ended_at, ended_by=cause)",
        "CadenceEpoch.objects.filter(schedule=schedule, ended_at=None).delete()",
    ),
    Mutant(
        "what was due at an edit is not recorded",
        EPOCHS,
        "    if first is not None and first <= now:\n",
        "    if first is not None and first < schedule.anchor_at:\n",
    ),
    Mutant(
        "of what was due at an edit all but the newest is recorded",
        EPOCHS,
        "        count=overdue.missed_count + 1,\n",
        "        count=overdue.missed_count or 1,\n",
        (
            "tests/schedules/ledger/test_recount.py::test_what_was_due_when_an_epoch_ended_is_missed_with_the_reason",
        ),
    ),
    Mutant(
        "a pause is recorded as a replacement",
        EDITING,
        "EpochEnd.PAUSED if is_paused else EpochEnd.REPLACED",
        "EpochEnd.REPLACED",
    ),
    Mutant(
        "a resumed schedule begins no epoch",
        EDITING,
        "        if is_active:\n            epochs.begin",
        "        if is_new_cadence:\n            epochs.begin",
    ),
    Mutant(
        "coalesced fire times are not recorded",
        FIRING_POSTGRESQL,
        "    WHERE missed_count > 0\n",
        "    WHERE missed_count < 0\n",
        (
            f"{BOTH_TWINS}::test_after_an_outage_the_newest_fire_time_gets_the_run_and_the_others_are_recorded",
        ),
    ),
    Mutant(
        "coalesced fire times are not recorded, portably",
        FIRING_PORTABLE,
        "(_missed(firing, now) for firing in firings if firing.times.missed_count)",
        "(_missed(firing, now) for firing in firings if firing.times.missed_count < 0)",
        (
            f"{BOTH_TWINS}::test_after_an_outage_the_newest_fire_time_gets_the_run_and_the_others_are_recorded",
        ),
    ),
)
