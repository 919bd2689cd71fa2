"""explain: the answer in words, for operators, also about what clients no longer see."""

import pytest
from django.core.management import CommandError

from schedules import editing
from schedules.models import Run as RunRow
from tests.commands.conftest import Run
from tests.factories import NOON, make_due_schedule
from tests.firing import fire

pytestmark = pytest.mark.django_db


def test_it_says_what_became_of_an_instant_and_names_the_run(run: Run) -> None:
    schedule = make_due_schedule()
    fire(NOON, 10)

    printed = run("explain", schedule.id, "2026-06-01T14:00:00+02:00")

    assert printed == (
        "ran: It fired; the run is pending and has not started.\n"
        f"run {RunRow.objects.get().id}, generation 1\n"
    )


def test_it_knows_a_deleted_schedule(run: Run) -> None:
    schedule = make_due_schedule()
    editing.delete(schedule.id, "apk_x", NOON)

    printed = run("explain", schedule.id, "2026-06-01T12:00:00Z")

    assert printed.startswith("missed: ")
    assert len(printed.splitlines()) == 1


@pytest.mark.parametrize("schedule_id", ["x", "01KPN29WWKSK0VDPJNTKZPVNRB"])
def test_an_unknown_schedule_is_refused(run: Run, schedule_id: str) -> None:
    with pytest.raises(CommandError, match="no schedule with this id") as refused:
        run("explain", schedule_id, "2026-06-01T12:00:00Z")

    assert refused.value.returncode == 1


@pytest.mark.parametrize("at", ["noon", "2026-06-01", "2026-06-01T12:00:00", "1969-12-31T23:59:59Z"])
def test_what_is_no_instant_is_refused(run: Run, at: str) -> None:
    with pytest.raises(CommandError, match="argument"):
        run("explain", make_due_schedule().id, at)
