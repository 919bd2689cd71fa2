"""One row, whatever stands in it, keeps no other schedule from firing, and is reported and held back."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import pytest
from django.db import OperationalError, connection
from structlog.testing import capture_logs

from schedules import editing
from schedules.firing import due
from schedules.firing.portable import PortableFireBatch
from schedules.firing.postgresql import PostgresqlFireBatch
from schedules.ledger import audit
from schedules.ledger.explaining import Outcome, explain
from schedules.models import MissedFiring, NextFire, Run, Schedule
from tests.api.caller import Caller, document, schedules_path
from tests.factories import NOON, make_agent, make_schedule, make_token
from tests.firing import fire

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)
HELD_BACK = "held back"

DAMAGES = [
    "fire_time = '0001-01-01 00:00:00+00:00'",
    "fire_time = '1969-12-31 23:00:00+00:00'",
    "fire_time = '2026-06-01 11:00:00+00:00'",
    "expression = 'no expression'",
    "expression = ''",
    "expression = '* * * * * *'",
    "type = 'weekly'",
    "type = 'interval', expression = '@every 1ns'",
]
ONLY_IN_POSTGRESQL = [
    *(
        "fire_time = '-infinity'",
        "fire_time = '4713-01-01 BC'",
        "anchor_at = 'infinity'",
    ),
    "fire_time = '-infinity', anchor_at = '-infinity'",
]
every_damage = pytest.mark.parametrize(
    "damage",
    [*DAMAGES, *(pytest.param(each, marks=pytest.mark.postgresql) for each in ONLY_IN_POSTGRESQL)],
)


@pytest.fixture(
    autouse=True,
    params=[
        pytest.param(PortableFireBatch, id="portable"),
        pytest.param(PostgresqlFireBatch, id="postgresql", marks=pytest.mark.postgresql),
    ],
)
def _twin(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "fire_batch", request.param)


def hourly() -> Schedule:
    return make_schedule(type="cron", expression="0 0 * * * *", now=NOON - HOUR / 2)


def damage_row(schedule: Schedule, damage: str) -> None:
    """As somebody with a database shell, or another program, may leave it."""
    statement = f"UPDATE schedules_nextfire SET {damage} WHERE schedule_id = %s"  # noqa: S608 - of this file
    with connection.cursor() as cursor:
        cursor.execute(statement, [schedule.id])


def reports(log: Sequence[Mapping[str, object]]) -> list[object]:
    return [line["schedule_id"] for line in log if line["event"] == "schedule.cadence_failed"]


@every_damage
def test_a_poisoned_row_is_reported_and_held_back_and_its_neighbours_fire(damage: str) -> None:
    poison, neighbours = hourly(), [hourly() for _ in range(3)]
    damage_row(poison, damage)

    with capture_logs() as log:
        fired = fire(NOON, 10)
        again = fire(NOON, 10)

    assert (fired, again) == (4, 0)
    assert set(Run.objects.values_list("schedule_id", flat=True)) == {each.id for each in neighbours}
    assert reports(log) == [poison.id]
    held_until = NextFire.objects.values_list("suspended_until", flat=True).get(schedule=poison)
    assert held_until == NOON + due.POISON_PAUSE
    assert fire(NOON + HOUR, 10) == 4


@every_damage
def test_a_poisoned_row_at_the_head_of_a_small_batch_blocks_nobody(damage: str) -> None:
    damage_row(hourly(), damage)
    neighbour = hourly()

    for _ in range(2):
        fire(NOON, 1)

    assert Run.objects.filter(schedule=neighbour, fire_time=NOON).exists()


@pytest.mark.postgresql
@pytest.mark.parametrize("fire_time", ["infinity", "20000-01-01"])
def test_a_fire_time_that_never_comes_is_reported_and_held_back(fire_time: str) -> None:
    schedule = hourly()
    damage_row(schedule, f"fire_time = '{fire_time}'")

    with capture_logs() as log:
        counts = [due.suspend_unreachable(NOON), due.suspend_unreachable(NOON)]

    assert counts == [1, 0]
    assert reports(log) == [schedule.id]
    assert Schedule.objects.get().is_held_back
    assert due.suspend_unreachable(NOON + due.POISON_PAUSE) == 1


@pytest.mark.postgresql
@pytest.mark.parametrize("fire_time", ["-infinity", "0001-01-01", "infinity", "4713-01-01 BC", "20000-01-01"])
def test_every_answer_that_contains_the_row_is_still_an_answer(fire_time: str) -> None:
    agent = make_agent()
    api = Caller(make_token(agent.workspace))
    poison, healthy = (make_schedule(agent, NOON - HOUR / 2, expression="0 0 * * * *") for _ in range(2))
    damage_row(poison, f"fire_time = '{fire_time}'")
    fire(NOON, 10)

    listed = document(api.get(schedules_path(agent)))["schedules"]
    path = f"{schedules_path(agent)}/{poison.id}"
    explained = document(api.get(f"{path}/explain?at=2026-06-01T12:00:00Z"))

    assert [each["_id"] for each in listed] == [healthy.id, poison.id]
    assert document(api.get(path))["next_fire_at"][:4] in ("0001", "9999")
    assert explained["outcome"] == "due"
    assert HELD_BACK in explained["words"]
    assert audit(NOON + HOUR).expected_count >= 1


def test_explain_says_that_it_is_held_back() -> None:
    schedule = hourly()
    damage_row(schedule, "expression = 'no expression'")
    fire(NOON, 10)

    answer = explain(Schedule.objects.get(), NOON, NOON)

    assert answer.outcome is Outcome.DUE
    assert HELD_BACK in answer.words
    assert "suspended until 2026-06-01 12:10:00 UTC" in answer.words


@pytest.mark.parametrize(
    "damage", ["fire_time = '0001-01-01 00:00:00+00:00'", "fire_time = '9000-01-01 00:00:00+00:00'"]
)
@pytest.mark.parametrize("change", ["pause", "recadence", "delete"])
def test_an_edit_mends_it_and_records_what_was_due(damage: str, change: str) -> None:
    schedule = hourly()
    fire(NOON, 10)
    damage_row(schedule, damage)
    fire(NOON + HOUR, 10)

    edit(schedule, change, NOON + 2 * HOUR)

    if damage.startswith("fire_time = '0001"):
        missed = MissedFiring.objects.get()
        assert (missed.first_fire_time, missed.count) == (NOON + HOUR, 2)
        assert audit(NOON + 2 * HOUR).is_clean


def edit(schedule: Schedule, change: str, now: datetime) -> None:
    if change == "delete":
        editing.delete(schedule.id, "apk_x", now)
    elif change == "pause":
        editing.update(schedule.id, {"is_active": False}, "apk_x", now)
    else:
        editing.update(schedule.id, {"expression": "0 30 * * * *"}, "apk_x", now)


@pytest.fixture
def refused() -> Iterator[list[str]]:
    """Schedules whose runs the database refuses."""
    refused_ids: list[str] = []
    yield refused_ids
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE schedules_run DROP CONSTRAINT IF EXISTS refused")


@pytest.mark.postgresql
def test_what_the_database_refuses_is_found_among_its_neighbours_and_held_back(refused: list[str]) -> None:
    schedules = [hourly() for _ in range(9)]
    refused += [schedules[2].id, schedules[7].id]
    listed = ", ".join(f"'{each}'" for each in refused)
    with connection.cursor() as cursor:
        cursor.execute(
            f"ALTER TABLE schedules_run ADD CONSTRAINT refused CHECK (schedule_id NOT IN ({listed}))"
        )

    with capture_logs() as log:
        fire(NOON, 10)

    assert Run.objects.count() == 7
    assert sorted(map(str, reports(log))) == sorted(refused)
    assert fire(NOON, 10) == 0


@pytest.mark.postgresql
def test_an_outage_of_the_database_is_nobodys_poison() -> None:
    hourly()

    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    with pytest.raises(OperationalError):  # and that session is gone
        fire(NOON, 10)

    assert NextFire.objects.get().suspended_until is None
