"""One row holds what no cadence can have."""

from typing import Final

from tests.proofs.mutants.catalogue.places import BOTH_TWINS, EPOCHS, FIRING, FIRING_POSTGRESQL, POISON
from tests.proofs.mutants.mutant import Mutant

_HELD_BACK: Final = (f"{POISON}::test_a_poisoned_row_is_reported_and_held_back_and_its_neighbours_fire",)

POISONED: Final = (
    Mutant(
        "a fire time that no datetime can hold stops the batch",
        FIRING_POSTGRESQL,
        "CASE WHEN fire_time BETWEEN %(first)s AND %(last)s THEN fire_time END",
        "fire_time",
        _HELD_BACK,
    ),
    Mutant(
        "an anchor that no datetime can hold stops the batch",
        FIRING_POSTGRESQL,
        "CASE WHEN anchor_at BETWEEN %(first)s AND %(last)s THEN anchor_at END",
        "anchor_at",
        _HELD_BACK,
    ),
    Mutant(
        "a fire time before its cadence began is fired",
        FIRING,
        " or fire_time <= anchor_at",
        "",
        _HELD_BACK,
    ),
    Mutant(
        "a poisoned schedule is tried again at each tick",
        FIRING,
        "    if poison:\n        _suspend(poison, now)\n",
        "",
        (f"{BOTH_TWINS}::test_a_schedule_whose_cadence_raises_is_suspended_and_stops_no_other",),
    ),
    Mutant(
        "what the database refuses of one schedule stops the batch",
        FIRING,
        "            _suspend([firings[0].schedule.id], now)\n            return []\n",
        "            raise\n",
        (f"{POISON}::test_what_the_database_refuses_is_found_among_its_neighbours_and_held_back",),
    ),
    Mutant(
        "a fire time that never comes is not looked for",
        "schedules/models/next_fire.py",
        "fire_time__gt=datetime.max.replace(tzinfo=UTC)",
        "fire_time__lt=datetime.min.replace(tzinfo=UTC)",
        (f"{POISON}::test_a_fire_time_that_never_comes_is_reported_and_held_back",),
    ),
    Mutant(
        "an edit of a poisoned schedule records what its row says",
        EPOCHS,
        "_first_unrecorded(schedule) if schedule.has_impossible_fire_time else schedule.next_fire_at",
        "schedule.next_fire_at",
        (f"{POISON}::test_an_edit_mends_it_and_records_what_was_due",),
    ),
)
