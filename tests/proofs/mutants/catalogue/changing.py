"""People change schedules."""

from typing import Final

from tests.proofs.mutants.catalogue.places import EDITED, EDITING, RACES
from tests.proofs.mutants.mutant import Mutant

CHANGING: Final = (
    Mutant(
        "a resumed schedule keeps its generation",
        EDITING,
        "    schedule.generation += 1\n",
        "    schedule.generation += schedule.is_active\n",
    ),
    Mutant(
        "a new cadence keeps the generation of an active schedule",
        EDITING,
        "    schedule.generation += 1\n",
        "    schedule.generation += not schedule.is_active\n",
    ),
    Mutant(
        "resuming goes on where the cadence was left",
        EDITING,
        "    schedule.anchor_at = now\n",
        "",
    ),
    Mutant(
        "every edit restarts the cadence",
        EDITING,
        "    if is_new_cadence or (is_active and not schedule.is_active):\n        fire_time",
        "    if is_active or is_new_cadence:\n        epochs.end(schedule, EpochEnd.REPLACED, now)\n"
        "        fire_time",
    ),
    Mutant(
        "a new cadence keeps the counter",
        EDITING,
        "        schedule.trigger_count = 0\n",
        "        pass\n",
    ),
    Mutant(
        "resuming resets the counter",
        EDITING,
        "    if is_new_cadence:\n        schedule.trigger_count",
        "    if is_new_cadence or (is_active and not schedule.is_active):\n        schedule.trigger_count",
    ),
    Mutant(
        "pausing leaves the pending runs",
        EDITING,
        "        discarded_count = transitions.discard_pending(schedule.id, DiscardReason.SCHEDULE_INACTIVE, now)\n",
        "        pass\n",
    ),
    Mutant(
        "a finished once stays finished when it is moved",
        EDITING,
        "was_on if is_new_cadence else schedule.is_active",
        "schedule.is_active",
        (f"{EDITED}::test_a_finished_once_goes_on_with_a_new_cadence",),
    ),
    Mutant(
        "a finished once cannot be paused",
        EDITING,
        "is_paused = was_on and",
        "is_paused = schedule.is_active and",
        (f"{EDITED}::test_a_finished_once_that_is_paused_never_starts_its_run_and_stays_paused_when_moved",),
    ),
    Mutant(
        "deleting leaves the pending runs",
        EDITING,
        "    discarded_count = transitions.discard_pending(schedule_id, DiscardReason.SCHEDULE_DELETED, now)\n",
        "    discarded_count = None\n",
    ),
    Mutant(
        "an edit takes no row lock",
        EDITING,
        '        .select_for_update(of=("self",), no_key=True)\n',
        "",
        (f"{RACES}::test_edits_at_once_lose_nothing_and_count_each_change_of_cadence",),
    ),
    Mutant(
        "an update is not one transaction",
        EDITING,
        "@transaction.atomic\ndef update(",
        "def update(",
        database="sqlite",
    ),
    Mutant(
        "a deletion is not one transaction",
        EDITING,
        "@transaction.atomic\ndef delete(",
        "def delete(",
        database="sqlite",
    ),
    Mutant(
        "an edit by a clock that is behind goes back in time",
        EDITING,
        "return max(moment for moment in moments if moment - now <= MINIMUM_CADENCE)",
        "return now",
    ),
    Mutant(
        "a finished once that is given a new cadence stays finished",
        EDITING,
        "    schedule.anchor_at = now\n    schedule.is_finished = False\n",
        "    schedule.anchor_at = now\n",
        ("tests/schedules/test_editing.py::test_a_fired_once_needs_a_new_instant_to_be_resumed",),
    ),
)
