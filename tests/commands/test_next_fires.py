"""next_fires: the fire times a schedule made now would have, or the reason it would be refused."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import CommandError

from tests.commands.conftest import Run
from tests.factories import NOON

at_noon = time_machine.travel(NOON, tick=False)


@at_noon
def test_a_cron_expression_gives_its_fire_times_one_a_line(run: Run) -> None:
    printed = run("next_fires", "cron", "0 30 9 * * mon-fri", "-n", "3")

    assert printed == "2026-06-02T09:30:00Z\n2026-06-03T09:30:00Z\n2026-06-04T09:30:00Z\n"


@at_noon
def test_ten_are_printed_unless_told_otherwise(run: Run) -> None:
    assert len(run("next_fires", "cron", "@daily").splitlines()) == 10


@at_noon
def test_an_interval_counts_from_now(run: Run) -> None:
    printed = run("next_fires", "interval", "@every 1h30m", "-n", "2")

    assert printed == "2026-06-01T13:30:00Z\n2026-06-01T15:00:00Z\n"


@at_noon
def test_an_interval_of_a_fraction_does_not_drift(run: Run) -> None:
    printed = run("next_fires", "interval", "@every 1h0.5s", "-n", "2")

    assert printed == "2026-06-01T13:00:00.500000Z\n2026-06-01T14:00:01Z\n"


@at_noon
def test_a_once_has_one_fire_time_however_many_are_asked_for(run: Run) -> None:
    assert run("next_fires", "once", "@at 2026-06-01T12:00:01.5Z") == "2026-06-01T12:00:01.500000Z\n"


def test_without_a_stopped_clock_it_counts_from_the_real_now(run: Run) -> None:
    [printed] = run("next_fires", "interval", "@every 2h", "-n", "1").splitlines()

    assert abs(datetime.fromisoformat(printed) - datetime.now(UTC) - timedelta(hours=2)) < timedelta(
        minutes=1
    )


@pytest.mark.parametrize(
    ("type_", "expression"),
    [
        ("cron", "0 9 * * *"),
        ("cron", "0 */5 * * * *"),
        ("cron", "0 0 0 30 2 *"),
        ("cron", "@every 6h"),
        ("cron", "@fortnightly"),
        ("interval", "@every 59m"),
        ("interval", "6h"),
        ("once", "@at 2026-06-01T11:59:59Z"),
        ("once", "@at 2099-05-01T09:00:00+02:00"),
    ],
)
@at_noon
def test_what_the_service_would_refuse_is_refused_with_an_example(
    run: Run, type_: str, expression: str
) -> None:
    with pytest.raises(CommandError, match=r"expression: .* Valid example: ") as refused:
        run("next_fires", type_, expression)

    assert refused.value.returncode == 1


@pytest.mark.parametrize(
    "words", [("weekly", "@weekly"), ("cron", "@daily", "-n", "0"), ("cron", "@daily", "-nx")]
)
def test_arguments_of_another_form_are_refused(run: Run, words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="argument"):
        run("next_fires", *words)
