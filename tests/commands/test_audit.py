"""audit: the count, each finding on a line of its own, and an exit code a script can ask."""

from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from schedules.database.clock import database_now
from schedules.models import Run as RunRow
from schedules.models import RunState, Schedule
from tests.commands.conftest import Run
from tests.factories import make_schedule
from tests.firing import fire

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def last() -> datetime:
    """The last full hour: the command asks the database's clock itself."""
    return database_now().replace(minute=0, second=0, microsecond=0)


@pytest.fixture
def schedule(last: datetime) -> Schedule:
    """Fired at each of the last four full hours."""
    schedule = make_schedule(expression="0 0 * * * *", now=last - 3.5 * HOUR)
    for hours in (3, 2, 1, 0):
        fire(last - hours * HOUR, 10)
    return schedule


def written(instant: datetime) -> str:
    """As RFC 3339 writes it."""
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


def refused(*words: str) -> tuple[str, CommandError]:
    """What an audit prints that ends with an error, and the error."""
    printed = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("audit", *words, stdout=printed)
    return printed.getvalue(), error.value


@pytest.mark.usefixtures("schedule")
def test_a_clean_ledger_is_one_line(run: Run) -> None:
    assert run("audit") == "4 of 4 instants accounted for\n"


def test_every_finding_is_a_line_and_the_exit_code_says_so(schedule: Schedule, last: datetime) -> None:
    lost = [last - 3 * HOUR, last - 2 * HOUR]
    RunRow.objects.filter(fire_time__in=lost).delete()

    printed, error = refused()

    assert printed.splitlines() == [
        "2 of 4 instants accounted for",
        f"gap: schedule {schedule.id} generation 1 at {written(lost[0])}",
        f"gap: schedule {schedule.id} generation 1 at {written(lost[1])}",
    ]
    assert (error.returncode, str(error)) == (1, "The ledger has 2 finding(s).")


def test_one_schedule_or_a_later_time_only(run: Run, schedule: Schedule, last: datetime) -> None:
    first = last - 3 * HOUR
    RunRow.objects.filter(fire_time=first).delete()
    sound = make_schedule(now=last)

    assert run("audit", "--schedule", sound.id) == "0 of 0 instants accounted for\n"
    assert run("audit", "--since", written(first)) == "3 of 3 instants accounted for\n"
    assert refused("--schedule", schedule.id)[1].returncode == 1
    assert refused("--since", written(first - timedelta(seconds=1)))[1].returncode == 1


def test_what_retention_has_deleted_is_no_gap(run: Run, last: datetime) -> None:
    made_at = last - timedelta(days=40, hours=1)
    make_schedule(expression=f"0 0 {last.hour} * * *", now=made_at)
    for days in range(40, -1, -1):
        fire(last - timedelta(days=days), 10)
    RunRow.objects.filter(fire_time__lt=last - timedelta(days=30)).delete()
    RunRow.objects.update(state=RunState.SUCCEEDED)

    assert run("audit") == "30 of 30 instants accounted for\n"
    assert refused("--since", written(made_at))[0].startswith("31 of 41 instants")


def test_an_unknown_schedule_is_not_clean() -> None:
    assert "no schedule" in str(refused("--schedule", "01KPN29WWKSK0VDPJNTKZPVNRB")[1])
