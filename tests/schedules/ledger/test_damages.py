"""Damages done by SQL to a ledger in which much has happened: each is found, and nothing else is."""

# ruff: noqa: S608 - the statements are our own words

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection

from schedules.ledger import REMEDIES, Finding, Problem
from schedules.models import Run, Schedule
from tests.factories import NOON
from tests.schedules.ledger.lively import DAY, HOUR, NOW, Lively, make_lively

pytestmark = pytest.mark.django_db

IN_TEN_YEARS = f"'{NOW + 3650 * DAY:%Y-%m-%d %H:%M:%S}'"
RUN, NEXT, EPOCH = "schedules_run", "schedules_nextfire", "schedules_cadenceepoch"
MISSED, ATTEMPT = "schedules_missedfiring", "schedules_runattempt"


@pytest.fixture
def lively() -> Lively:
    return make_lively()


def sql_time(hours: float) -> str:
    """So many hours after NOON."""
    return f"'{NOON + hours * HOUR:%Y-%m-%d %H:%M:%S}'"


def damage(lively: Lively, *statements: str) -> None:
    """Carry out SQL, with the schedules' ids in the place of their names."""
    names = {name: f"'{getattr(lively, name).id}'" for name in Lively.__dataclass_fields__}
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.format(**names))
            assert cursor.rowcount, f"nothing was damaged by {statement}"


def found(lively: Lively) -> dict[str, int]:
    """How many findings there are of each problem. What was counted and is changed shows in the tallies as well."""
    return dict(Counter(str(finding.problem) for finding in _but_tallies(lively)))


def _but_tallies(lively: Lively) -> list[Finding]:
    return [finding for finding in lively.audited().findings if finding.problem != Problem.TALLY]


def test_all_that_is_usual_is_clean(lively: Lively) -> None:
    result = lively.audited()

    assert result.findings == []
    assert result.expected_count == result.accounted_count > 25
    assert Schedule.objects.filter(pruned_manual_count=1).exists()
    assert Run.objects.filter(attempt=3).exists()


ONE_RUN = f"SELECT id FROM {RUN} WHERE schedule_id = {{steady}} AND fire_time = {sql_time(6)}"
MANUAL = f"SELECT min(id) FROM {RUN} WHERE schedule_id = {{steady}} AND fire_time IS NULL"
RETRIED = f"SELECT id FROM {RUN} WHERE attempt = 3"
LOST = f"SELECT id FROM {RUN} WHERE attempt = 2"
RUNNING = "state = 'running', finished_at = NULL"
PENDING = "state = 'pending', finished_at = NULL"

DAMAGES: dict[str, tuple[tuple[str, ...], dict[str, int]]] = {
    "a run deleted": ((f"DELETE FROM {RUN} WHERE id IN ({ONE_RUN})",), {"gap": 1}),
    "a run's fire time moved": (
        (f"UPDATE {RUN} SET fire_time = {sql_time(6.1)} WHERE id IN ({ONE_RUN})",),
        {"gap": 1, "extra": 1},
    ),
    "a run moved to another schedule": (
        (f"UPDATE {RUN} SET schedule_id = {{finished}} WHERE id IN ({ONE_RUN})",),
        {"gap": 1, "extra": 1},
    ),
    "a missed record deleted": ((f"DELETE FROM {MISSED} WHERE schedule_id = {{steady}}",), {"gap": 1}),
    "a missed record miscounted": (
        (f"UPDATE {MISSED} SET count = 7 WHERE schedule_id = {{steady}}",),
        {"miscounted": 1},
    ),
    "a missed record stretched": (
        (f"UPDATE {MISSED} SET last_fire_time = {sql_time(3)} WHERE schedule_id = {{steady}}",),
        {"duplicate": 1, "miscounted": 1},
    ),
    "an epoch moved": (
        (f"UPDATE {EPOCH} SET began_at = {sql_time(-1.5)} WHERE schedule_id = {{steady}}",),
        {"gap": 1},
    ),
    "an epoch changed": (
        (f"UPDATE {EPOCH} SET expression = '0 0 */2 * * *' WHERE schedule_id = {{steady}}",),
        {"extra": 4, "held": 1},
    ),
    "an epoch made too dense": (
        (f"UPDATE {EPOCH} SET expression = '* * * * * *' WHERE schedule_id = {{steady}}",),
        {"unreadable": 1},
    ),
    "an epoch deleted": (
        (f"DELETE FROM {EPOCH} WHERE schedule_id = {{edited}} AND generation = 1",),
        {"extra": 3},
    ),
    "a next fire deleted": ((f"DELETE FROM {NEXT} WHERE schedule_id = {{steady}}",), {"held": 1}),
    "a next fire moved ahead": (
        (f"UPDATE {NEXT} SET fire_time = {IN_TEN_YEARS} WHERE schedule_id = {{steady}}",),
        {"held": 1},
    ),
    "a next fire moved between instants": (
        (f"UPDATE {NEXT} SET fire_time = {sql_time(8.5)} WHERE schedule_id = {{steady}}",),
        {"held": 1},
    ),
    "a next fire that is none": (
        (f"UPDATE {NEXT} SET fire_time = '0001-01-01 00:00:00' WHERE schedule_id = {{steady}}",),
        {"held": 1},
    ),
    "a next fire held for ever": (
        (f"UPDATE {NEXT} SET suspended_until = {IN_TEN_YEARS} WHERE schedule_id = {{steady}}",),
        {"held": 1},
    ),
    "a run set to pending, redispatched in ten years": (
        (f"UPDATE {RUN} SET {PENDING}, redispatch_at = {IN_TEN_YEARS} WHERE id IN ({ONE_RUN})",),
        {"stuck": 1},
    ),
    "a run set to pending as it was": (
        (f"UPDATE {RUN} SET state = 'pending' WHERE id IN ({ONE_RUN})",),
        {"stuck": 1},
    ),
    "a run that may start in ten years": (
        (f"UPDATE {RUN} SET {PENDING}, not_before = {IN_TEN_YEARS} WHERE id IN ({ONE_RUN})",),
        {"stuck": 1},
    ),
    "a run that has waited for days": (
        (f"UPDATE {RUN} SET {PENDING}, not_before = {sql_time(-60)} WHERE id IN ({ONE_RUN})",),
        {"stuck": 1},
    ),
    "a run whose lease ended and was not taken back": (
        (f"UPDATE {RUN} SET {RUNNING}, lease_expires_at = {sql_time(6)} WHERE id IN ({ONE_RUN})",),
        {"stuck": 1},
    ),
    "a run with a lease of ten years": (
        (f"UPDATE {RUN} SET {RUNNING}, lease_expires_at = {IN_TEN_YEARS} WHERE id IN ({ONE_RUN})",),
        {"stuck": 1},
    ),
    "a run discarded without a reason": (
        (f"UPDATE {RUN} SET state = 'discarded' WHERE id IN ({ONE_RUN})",),
        {"unexplained": 1},
    ),
    "a run discarded for a reason that is none": (
        (f"UPDATE {RUN} SET state = 'discarded', reason = 'no wish' WHERE id IN ({ONE_RUN})",),
        {"unexplained": 1},
    ),
    "a run now deleted": ((f"DELETE FROM {RUN} WHERE id IN ({MANUAL})",), {"vanished": 1}),
    "all runs now of a schedule deleted": (
        (
            f"DELETE FROM {ATTEMPT} WHERE run_id IN (SELECT id FROM {RUN} WHERE fire_time IS NULL)",
            f"DELETE FROM {RUN} WHERE schedule_id = {{steady}} AND fire_time IS NULL",
        ),
        {"vanished": 4},
    ),
    "the epoch of a generation deleted whose runs are pruned": (
        (
            f"DELETE FROM {RUN} WHERE schedule_id = {{edited}} AND generation = 1",
            f"DELETE FROM {MISSED} WHERE schedule_id = {{edited}} AND generation = 1",
            f"DELETE FROM {EPOCH} WHERE schedule_id = {{edited}} AND generation IN (1, 2)",
        ),
        {"extra": 2, "lost_generation": 1},
    ),
    "all rows of an old generation removed": (
        tuple(
            f"DELETE FROM {table} WHERE schedule_id = {{edited}} AND generation = 1"
            for table in (RUN, MISSED, EPOCH)
        ),
        {"lost_generation": 1},
    ),
    "all rows of a generation of a deleted schedule removed": (
        tuple(f"DELETE FROM {table} WHERE schedule_id = {{deleted}}" for table in (RUN, MISSED, EPOCH)),
        {"lost_generation": 1},
    ),
    "a schedule's row removed, its runs left": (
        (
            f"DELETE FROM {EPOCH} WHERE schedule_id = {{steady}}",
            f"DELETE FROM {NEXT} WHERE schedule_id = {{steady}}",
            "DELETE FROM schedules_schedule WHERE id = {steady}",
        ),
        {"orphaned": 2},
    ),
    "a run under generation + 7": (
        (f"UPDATE {RUN} SET generation = generation + 7 WHERE id IN ({ONE_RUN})",),
        {"gap": 1, "ahead": 1},
    ),
    "a run now under generation + 7": (
        (f"UPDATE {RUN} SET generation = generation + 7 WHERE id IN ({MANUAL})",),
        {"ahead": 1},
    ),
    "an attempt deleted": (
        (f"DELETE FROM {ATTEMPT} WHERE number = 1 AND run_id IN ({RETRIED})",),
        {"attempts": 1},
    ),
    "all attempts deleted": ((f"DELETE FROM {ATTEMPT} WHERE run_id IN ({RETRIED})",), {"attempts": 1}),
    "an attempt renumbered": (
        (f"UPDATE {ATTEMPT} SET number = 9 WHERE number = 2 AND run_id IN ({RETRIED})",),
        {"attempts": 2},
    ),
    "a run's attempt counted up": (
        (f"UPDATE {RUN} SET attempt = 4 WHERE attempt = 3",),
        {"attempts": 1},
    ),
    "a run's attempt counted down": (
        (f"UPDATE {RUN} SET attempt = 1 WHERE attempt = 3",),
        {"attempts": 2},
    ),
    "an attempt that ended years later": (
        (f"UPDATE {ATTEMPT} SET ended_at = {IN_TEN_YEARS} WHERE number = 1 AND run_id IN ({RETRIED})",),
        {"attempts": 1},
    ),
    "the last attempt before the run's own ended years later": (
        (f"UPDATE {ATTEMPT} SET ended_at = {IN_TEN_YEARS} WHERE number = 2 AND run_id IN ({RETRIED})",),
        {"attempts": 1},
    ),
    "an attempt that ended before it began": (
        (f"UPDATE {ATTEMPT} SET ended_at = {sql_time(-60)} WHERE number = 1 AND run_id IN ({RETRIED})",),
        {"attempts": 1},
    ),
    "an attempt that was handed back for another reason": (
        (f"UPDATE {ATTEMPT} SET outcome = 'stopped' WHERE number = 1 AND run_id IN ({RETRIED})",),
        {"attempts": 1},
    ),
    "an attempt with another outcome": (
        (f"UPDATE {ATTEMPT} SET outcome = 'lost' WHERE number = 1 AND run_id IN ({RETRIED})",),
        {"attempts": 1},
    ),
    "a lost attempt that only failed": (
        (f"UPDATE {ATTEMPT} SET outcome = 'failed' WHERE run_id IN ({LOST})",),
        {"attempts": 1},
    ),
    "an attempt that succeeded and was followed by another": (
        (f"UPDATE {ATTEMPT} SET outcome = 'succeeded' WHERE number = 1 AND run_id IN ({RETRIED})",),
        {"attempts": 1},
    ),
    "a run deleted, its attempts left": (
        (f"DELETE FROM {RUN} WHERE attempt = 2",),
        {"vanished": 1, "attempts": 1},
    ),
}


@pytest.mark.parametrize(("statements", "expected"), DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damage_is_found_and_nothing_else(
    lively: Lively, statements: tuple[str, ...], expected: dict[str, int]
) -> None:
    damage(lively, *statements)

    assert found(lively) == expected


@pytest.mark.postgresql
@pytest.mark.parametrize("column", ["fire_time", "suspended_until"])
@pytest.mark.parametrize("value", ["infinity", "-infinity"])
def test_a_next_fire_at_no_time_at_all_is_found(lively: Lively, column: str, value: str) -> None:
    damage(lively, f"UPDATE {NEXT} SET {column} = '{value}' WHERE schedule_id = {{steady}}")

    is_harmless = (column, value) == ("suspended_until", "-infinity")
    assert found(lively) == ({} if is_harmless else {"held": 1})


@pytest.mark.postgresql
@pytest.mark.parametrize("value", ["infinity", "-infinity", "294000-01-01"])
def test_a_run_at_no_time_at_all_is_found(lively: Lively, value: str) -> None:
    damage(lively, f"UPDATE {RUN} SET fire_time = '{value}' WHERE id IN ({ONE_RUN})")

    assert found(lively)["gap"] == 1


def test_no_beat_for_two_days_is_found_of_every_active_schedule(lively: Lively) -> None:
    findings = lively.audited(NOW + 2 * DAY).findings

    assert {(finding.problem, finding.schedule_id) for finding in findings} == {
        (Problem.OVERDUE, each.id) for each in (lively.steady, lively.edited)
    }


def test_a_beat_that_is_away_for_some_hours_is_no_finding(lively: Lively) -> None:
    assert lively.audited(NOW + 6 * HOUR).findings == []


def test_a_late_run_that_waits_for_hundreds_of_thousands_of_others_is_no_finding(lively: Lively) -> None:
    far = NOW + timedelta(hours=25, seconds=0.05)

    Run.objects.filter(schedule=lively.steady, fire_time=NOON + 6 * HOUR).update(
        state="pending", finished_at=None, is_misfire=True, started_at=None, not_before=far, redispatch_at=far
    )

    assert found(lively) == {}
    Run.objects.filter(not_before=far).update(not_before=far + HOUR)
    assert found(lively) == {"stuck": 1}


def test_every_problem_says_what_to_do() -> None:
    assert set(REMEDIES) == set(Problem)


def test_a_finding_names_what_it_is_about(lively: Lively) -> None:
    run = Run.objects.get(schedule=lively.steady, fire_time=NOON + 6 * HOUR)
    damage(
        lively,
        f"UPDATE {RUN} SET {PENDING}, redispatch_at = {IN_TEN_YEARS} WHERE id IN ({ONE_RUN})",
        f"DELETE FROM {RUN} WHERE id IN ({MANUAL})",
    )

    stuck, vanished = map(str, _but_tallies(lively))

    assert stuck == (
        f"stuck: schedule {lively.steady.id} generation 1 at 2026-06-01T18:00:00Z: "
        f"run {run.id} is pending, and no beat sends its message within hours"
    )
    assert vanished == (
        f"vanished: schedule {lively.steady.id} generation 1: 4 manual runs were accepted, 0 pruned, 3 are left; "
        "number 1 is gone"
    )
