"""All instants at once are those of stepping from one to the next; an exact match is what looking closely says."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schedules import editing
from schedules.expressions import Cadence, InvalidExpression, parse
from schedules.expressions.instants import from_microseconds
from schedules.ledger import audit, matching
from schedules.models import CadenceEpoch, MissedFiring, NextFire, Run
from tests.expressions.strategies import hourly_expressions, instants, often
from tests.factories import NOON, make_run, make_schedule
from tests.firing import fire

HOUR = timedelta(hours=1)
spans = st.integers(0, 40 * 86_400).map(lambda seconds: timedelta(seconds=seconds))


def stepped(cadence: Cadence, after: datetime, until: datetime) -> list[datetime]:
    found, instant = [], after
    while (following := cadence.next_after(instant)) is not None and following <= until:
        found.append(following)
        instant = following
    return found


def at_once(cadence: Cadence, after: datetime, until: datetime) -> list[datetime]:
    return [from_microseconds(at) for at in cadence.all_between(after, until)]


@often
@given(hourly_expressions, instants, spans)
def test_all_instants_of_a_cron_are_those_of_stepping(
    expression: str, after: datetime, span: timedelta
) -> None:
    try:
        cadence = parse("cron", expression)
    except InvalidExpression:
        assume(False)

    assert at_once(cadence, after, after + span) == stepped(cadence, after, after + span)


@often
@given(st.integers(3600, 400_000), st.integers(0, 999_999_999), instants, spans, spans)
def test_all_instants_of_an_interval_are_those_of_stepping(
    seconds: int, nanoseconds: int, anchor: datetime, later: timedelta, span: timedelta
) -> None:
    cadence = parse("interval", f"@every {seconds}s{nanoseconds}ns").anchored_at(anchor)
    after = anchor + later

    assert at_once(cadence, after, after + span) == stepped(cadence, after, after + span)


@pytest.mark.parametrize("hours", [-1, 0, 1, 2])
def test_a_once_is_one_instant_or_none(hours: int) -> None:
    cadence, after = parse("once", "@at 2026-06-01T13:00:00Z"), NOON + hours * HOUR

    assert at_once(cadence, after, after + HOUR) == stepped(cadence, after, after + HOUR)


def test_leap_days_end_where_stepping_ends() -> None:
    cadence, after = parse("cron", "0 0 0 29 2 *"), datetime(2091, 1, 1, tzinfo=UTC)

    assert at_once(cadence, after, datetime(2200, 1, 1, tzinfo=UTC)) == [
        datetime(2092, 2, 29, tzinfo=UTC),
        datetime(2096, 2, 29, tzinfo=UTC),
    ]


DAMAGES = (
    lambda at: Run.objects.filter(fire_time=at).delete(),
    lambda at: Run.objects.filter(fire_time=at).update(fire_time=at + timedelta(minutes=7)),
    lambda at: Run.objects.filter(fire_time=at, generation=1).update(generation=2),
    lambda at: MissedFiring.objects.filter(first_fire_time__lte=at).delete(),
    lambda at: MissedFiring.objects.filter(first_fire_time__lte=at).update(last_fire_time=at),
    lambda at: MissedFiring.objects.update(count=3),
    lambda at: CadenceEpoch.objects.filter(ended_at__isnull=False).update(ended_at=at),
    lambda at: CadenceEpoch.objects.filter(generation=2).update(began_at=at),
    lambda at: CadenceEpoch.objects.filter(generation=1).update(expression="0 0 */2 * * *"),
    lambda at: NextFire.objects.update(fire_time=at),
    lambda at: make_run(
        Run.objects.all()[0].schedule, trigger="cadence", fire_time=at + timedelta(minutes=9)
    ),
    lambda at: MissedFiring.objects.create(
        schedule=Run.objects.all()[0].schedule,
        generation=1,
        first_fire_time=at,
        last_fire_time=at + 2 * HOUR,
        count=3,
        reason="coalesced",
    ),
)


@pytest.mark.django_db
@pytest.mark.parametrize("which", range(len(DAMAGES)))
@pytest.mark.parametrize("hours", [1, 4, 7])
@pytest.mark.parametrize("since_hours", [None, 0.5, 3, 5])
def test_looking_closely_at_everything_finds_the_same(
    monkeypatch: pytest.MonkeyPatch, which: int, hours: int, since_hours: float | None
) -> None:
    schedule = make_schedule(expression="0 0 * * * *", now=NOON - HOUR / 2)
    for hour in (0, 1, 4, 5):
        fire(NOON + hour * HOUR, 10)
    editing.update(schedule.id, {"expression": "0 30 * * * *"}, "apk_x", NOON + 7.2 * HOUR)
    fire(NOON + 7.5 * HOUR, 10)
    since = None if since_hours is None else NOON + since_hours * HOUR
    DAMAGES[which](NOON + hours * HOUR)

    usual = audit(NOON + 8 * HOUR, since=since)
    monkeypatch.setattr(matching, "count_if_exact", lambda *_: None)
    closely = audit(NOON + 8 * HOUR, since=since)

    assert usual == closely
