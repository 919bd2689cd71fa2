"""A newer firing takes the place of an older late one."""

from typing import Final

from tests.proofs.mutants.catalogue.places import FIRING_PORTABLE, FIRING_POSTGRESQL, PACING, REPLACED
from tests.proofs.mutants.mutant import Mutant

_TAKES_ITS_PLACE: Final = (
    f"{REPLACED}::test_a_newer_firing_takes_the_place_of_a_late_one_that_never_started",
)
_STAYS: Final = (f"{REPLACED}::test_every_other_run_stays",)

REPLACING: Final = (
    Mutant(
        "a late run waits beside a newer one",
        FIRING_POSTGRESQL,
        "AND older.fire_time < fired.newest",
        "AND older.fire_time > fired.newest",
        _TAKES_ITS_PLACE,
    ),
    Mutant(
        "a late run waits beside a newer one, portably",
        FIRING_PORTABLE,
        "        _discard_replaced(firings, now)\n",
        "",
        _TAKES_ITS_PLACE,
        database="sqlite",
    ),
    Mutant(
        "a newer firing replaces a run that was tried",
        FIRING_POSTGRESQL,
        "AND older.started_at IS NULL AND",
        "AND",
        _STAYS,
    ),
    Mutant(
        "a newer firing replaces runs of another generation",
        FIRING_POSTGRESQL,
        " AND older.generation = fired.generation\n",
        "\n",
        _STAYS,
    ),
    Mutant(
        "a late firing waits behind an older one of its schedule",
        PACING,
        "start = places.get(firing.schedule.id)",
        'start = places.get("")',
        (f"{REPLACED}::test_a_newer_firing_that_is_late_itself_waits_no_longer_than_the_older_would_have",),
    ),
)
