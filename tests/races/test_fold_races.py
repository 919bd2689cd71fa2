"""Beats that fold the same deltas at once, and one that dies meanwhile: each delta counts once."""

from contextlib import suppress

import pytest
from django.db import Error, connection, transaction

from schedules import tallies
from schedules.models import DiscardReason, HourTally, TallyDelta, TallyTotal
from schedules.runs import transitions
from tests.factories import NOON, make_agent, make_run, make_schedule
from tests.races.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
RUNS = 60


def end_runs() -> None:
    schedules = [make_schedule(make_agent()) for _ in range(3)]
    for number in range(RUNS):
        run = make_run(schedules[number % 3])
        transitions.discard(run.id, DiscardReason.STALE_GENERATION, NOON)


def counted() -> tuple[int, int]:
    return tuple(  # type: ignore[return-value]  # two
        sum(model.objects.values_list("run_count", flat=True)) for model in (HourTally, TallyTotal)
    )


def test_beats_that_fold_at_once_count_each_delta_once() -> None:
    end_runs()

    def fold() -> int:
        folded = 0
        while TallyDelta.objects.exists():
            folded += tallies.fold(7)
        return folded

    folded = at_once([fold] * 4)

    assert sum(folded) == RUNS
    assert counted() == (RUNS, RUNS)
    assert list(tallies.differences(NOON.replace(hour=0))) == []


@pytest.mark.postgresql
def test_deltas_that_another_beat_holds_are_left_to_it() -> None:
    end_runs()

    with transaction.atomic():
        held = list(TallyDelta.objects.select_for_update().order_by("id").values_list("id", flat=True)[:20])
        [folded] = at_once([tallies.fold])
        assert (folded, TallyDelta.objects.count()) == (RUNS - 20, len(held))

    assert tallies.fold() == 20
    assert counted() == (RUNS, RUNS)


def test_a_beat_that_dies_while_it_folds_has_counted_nothing() -> None:
    end_runs()

    def fold_and_die() -> None:
        with suppress(Error), transaction.atomic():
            assert tallies.fold() == RUNS
            connection.connection.close()  # as the server sees it when the process is killed

    at_once([fold_and_die])

    assert (counted(), TallyDelta.objects.count()) == ((0, 0), RUNS)
    assert tallies.fold() == RUNS
    assert counted() == (RUNS, RUNS)
