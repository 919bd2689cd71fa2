"""retrieve-agent-statistics: what became of an agent's runs over a period, exactly, folded or not."""

import random
from collections import Counter
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import pytest

from schedules import tallies
from schedules.database.clock import database_now
from schedules.models import MissedFiring, Run, RunState, Schedule, TallyDelta
from schedules.models.tally import BUCKETS
from tests.api.caller import Caller, assert_error, document
from tests.factories import NOON, make_agent, make_run, make_schedule, make_token, make_workspace

PATH = "/v3/agents/digest/stats"
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MILLISECOND = timedelta(milliseconds=1)
LONG = [50, 100, 101, 400, 2500, 7000, 29_000, 60_001, 899_000]
"""Milliseconds, on both sides of the ends of buckets."""


def between(first: datetime, end: datetime) -> str:
    """The path, with a period."""
    return f"{PATH}?from={first:%Y-%m-%dT%H:%M:%SZ}&to={end:%Y-%m-%dT%H:%M:%SZ}"


AROUND_NOON = between(NOON - 7 * DAY, NOON + HOUR)


def end(schedule: Schedule, due: datetime, state: str = "succeeded", **fields: Any) -> Run:
    """A run of the cadence that was due then and has ended."""
    return make_run(schedule, trigger="cadence", fire_time=due, created_at=due, state=state, **fields)


def take(schedule: Schedule, due: datetime, lateness: int, duration: int, **fields: Any) -> Run:
    """A run that started so many milliseconds late, and took so many."""
    started_at = due + lateness * MILLISECOND
    times = {"started_at": started_at, "finished_at": started_at + duration * MILLISECOND}
    return end(schedule, due, **times | fields)


def miss(schedule: Schedule, last: datetime, count: int) -> None:
    """So many instants were missed, the last at that time."""
    MissedFiring.objects.create(
        schedule=schedule,
        generation=1,
        first_fire_time=last - DAY,
        last_fire_time=last,
        count=count,
        reason="coalesced",
        recorded_at=last,
    )


def test_of_an_agent_without_runs_nothing_is_known(api: Caller) -> None:
    shown = document(api.get(PATH))

    assert shown["agent_key"] == "digest"
    assert shown["runs"]["count"] == shown["missed"]["count"] == 0
    assert shown["runs"]["by_state"] == {"succeeded": 0, "failed": 0, "cancelled": 0, "discarded": 0}
    assert shown["runs"]["by_trigger"] == {"cadence": 0, "late": 0, "manual": 0, "again": 0}
    assert shown["tokens"] == {}
    assert "cost_usd" not in shown
    assert shown["lateness"] == shown["duration"] == {"count": 0}
    assert {each["runs"] for each in shown["series"]} == {0}


def test_unless_told_otherwise_they_are_of_the_last_seven_days(api: Caller, schedule: Schedule) -> None:
    now = database_now()
    end(schedule, now)
    end(schedule, now - 6 * DAY)
    end(schedule, now - 8 * DAY)

    shown = document(api.get(PATH))

    first, last = (datetime.fromisoformat(shown[name]) for name in ("from", "to"))
    assert last - first == 7 * DAY
    assert now <= last <= now + HOUR
    assert shown["runs"]["count"] == 2


@pytest.mark.parametrize("seed", range(4))
def test_they_are_what_a_recount_of_the_runs_says(api: Caller, schedule: Schedule, seed: int) -> None:
    runs = _history(schedule, random.Random(seed))  # noqa: S311 - no secret
    assert TallyDelta.objects.exists()

    shown = document(api.get(AROUND_NOON))

    assert shown["runs"]["count"] == len(runs)
    assert shown["runs"]["by_state"] == _zeros("succeeded", "failed", "cancelled", "discarded") | Counter(
        run.state for run in runs
    )
    assert shown["runs"]["by_trigger"] == _zeros("cadence", "late", "manual", "again") | Counter(
        _trigger(run) for run in runs
    )
    reasons = Counter((run.state, run.reason) for run in runs if run.reason)
    assert {(each["state"], each["reason"]): each["count"] for each in shown["runs"]["by_reason"]} == reasons
    assert shown["tokens"] == {"input": sum(run.input_tokens or 0 for run in runs)}
    assert shown["cost_usd"] == pytest.approx(sum(run.cost or 0 for run in runs) / 1e9, abs=1e-12)
    assert shown["lateness"] == _spread(
        [run.lateness // MILLISECOND for run in runs if run.lateness is not None]
    )
    worked = [run.finished_at - run.started_at for run in runs if run.started_at and run.finished_at]
    assert shown["duration"] == _spread([length // MILLISECOND for length in worked])
    assert sum(each["runs"] for each in shown["series"]) == len(runs)
    while tallies.fold():
        pass
    assert document(api.get(AROUND_NOON)) == shown


def _history(schedule: Schedule, chance: random.Random) -> list[Run]:
    """Sixty runs of a week before NOON, half of them folded."""
    runs = []
    for number, minute in enumerate(chance.sample(range(7 * 24 * 60), 60)):
        due = NOON - timedelta(minutes=minute)
        asked = chance.choice(
            [
                {"trigger": "cadence", "fire_time": due, "created_at": due, "is_misfire": minute % 2 == 0},
                {"created_at": due - timedelta(seconds=10), "again_of": chance.choice(["", "x"])},
            ]
        )
        run = make_run(schedule, **asked | _outcome(due, chance))
        if number == 30:
            tallies.fold()
        runs.append(run)
    return runs


def _outcome(due: datetime, chance: random.Random) -> dict[str, Any]:
    if chance.random() < 0.2:
        reason = chance.choice(["stale_generation", "schedule_deleted"])
        return {"state": RunState.DISCARDED, "reason": reason}
    started_at = due + chance.choice(LONG) * MILLISECOND
    times = {"started_at": started_at, "finished_at": started_at + chance.choice(LONG) * MILLISECOND}
    if chance.random() < 0.3:
        return times | {"state": RunState.FAILED, "reason": chance.choice(["agent_timeout", "agent_failed"])}
    tokens = chance.choice([{}, {"input_tokens": 12, "cost": 1_234_567}])
    return times | {"state": RunState.SUCCEEDED} | tokens


def _trigger(run: Run) -> str:
    if run.trigger == "manual":
        return "again" if run.again_of else "manual"
    return "late" if run.is_misfire else "cadence"


def _zeros(*names: str) -> dict[str, int]:
    return dict.fromkeys(names, 0)


def _spread(milliseconds: list[int]) -> dict[str, Any]:
    """Mean and nearest ranks, each rank as the first bucket that holds it."""
    ordered = sorted(milliseconds)
    ranks = {percent: ordered[ceil(len(ordered) * percent / 100) - 1] for percent in (50, 90, 99)}
    bounds = {
        f"p{percent}_seconds": min(bound for bound in BUCKETS if bound >= value) / 1000
        for percent, value in ranks.items()
    }
    mean = pytest.approx(sum(ordered) / len(ordered) / 1000, abs=1e-6)
    return {"count": len(ordered), "mean_seconds": mean} | bounds


def test_both_ends_are_widened_to_full_hours(api: Caller, schedule: Schedule) -> None:
    for minutes in (-61, -60, 59, 60):
        end(schedule, NOON + timedelta(minutes=minutes))

    shown = document(api.get(between(NOON - timedelta(minutes=1), NOON + timedelta(minutes=1))))

    assert (shown["from"], shown["to"]) == ("2026-06-01T11:00:00Z", "2026-06-01T13:00:00Z")
    assert shown["runs"]["count"] == 2
    assert (shown["step"], [(each["at"], each["runs"]) for each in shown["series"]]) == (
        "hour",
        [("2026-06-01T11:00:00Z", 1), ("2026-06-01T12:00:00Z", 1)],
    )


def test_a_longer_period_is_shown_day_by_day(api: Caller, schedule: Schedule) -> None:
    take(schedule, NOON, 0, 10, state="failed", reason="agent_timeout", input_tokens=1, cost=2_000_000_000)
    take(schedule, NOON - HOUR, 0, 10)
    miss(schedule, NOON - DAY, 7)

    shown = document(api.get(between(NOON - 2 * DAY, NOON + HOUR)))

    assert shown["step"] == "day"
    assert shown["series"] == [
        {"at": "2026-05-30T00:00:00Z", "runs": 0, "failed": 0, "missed": 0},
        {"at": "2026-05-31T00:00:00Z", "runs": 0, "failed": 0, "missed": 7},
        {"at": "2026-06-01T00:00:00Z", "runs": 2, "failed": 1, "missed": 0, "cost_usd": 2.0},
    ]


def test_missed_fire_times_are_counted_by_their_reason_and_are_no_runs(
    api: Caller, schedule: Schedule
) -> None:
    miss(schedule, NOON, 7)

    shown = document(api.get(AROUND_NOON))

    assert shown["missed"] == {"count": 7, "by_reason": [{"reason": "coalesced", "count": 7}]}
    assert (shown["runs"]["count"], shown["runs"]["by_trigger"]["cadence"]) == (0, 0)


def test_every_attempt_is_counted_by_what_it_came_to(api: Caller, schedule: Schedule) -> None:
    run = take(schedule, NOON, 0, 10, state=RunState.PENDING, attempt=2, attempt_started_at=NOON)
    run.attempts.create(number=1, started_at=NOON, ended_at=NOON + timedelta(seconds=3), outcome="lost")
    Run.objects.filter(id=run.id).update(state=RunState.SUCCEEDED)

    shown = document(api.get(AROUND_NOON))

    assert shown["attempts"] == {"succeeded": 1, "failed": 0, "lost": 1, "cancelled": 0}
    assert (shown["runs"]["count"], shown["duration"]["count"]) == (1, 2)


def test_tokens_without_a_price_are_told(api: Caller, schedule: Schedule) -> None:
    end(schedule, NOON, input_tokens=0, output_tokens=5)

    shown = document(api.get(AROUND_NOON))

    assert (shown["tokens"], shown["unpriced_count"]) == ({"input": 0, "output": 5}, 1)
    assert "cost_usd" not in shown


def test_what_took_longer_than_the_last_bucket_has_no_upper_end(api: Caller, schedule: Schedule) -> None:
    take(schedule, NOON, 0, 10)
    take(schedule, NOON - HOUR, 3_600_001, 10)

    shown = document(api.get(AROUND_NOON))["lateness"]

    assert shown == {"count": 2, "mean_seconds": 1800.0005, "p50_seconds": 0.1}


def test_what_retention_has_deleted_stays_counted(api: Caller, schedule: Schedule) -> None:
    end(schedule, NOON)
    Run.objects.all().delete()

    assert document(api.get(AROUND_NOON))["runs"]["count"] == 1


def test_nothing_of_other_agents_is_counted(api: Caller, elsewhere: Caller, schedule: Schedule) -> None:
    end(make_schedule(make_agent(schedule.workspace, key="triage")), NOON)
    end(make_schedule(make_agent(make_workspace())), NOON)

    assert document(api.get(AROUND_NOON))["runs"]["count"] == 0
    end(schedule, NOON)
    assert document(api.get(AROUND_NOON))["runs"]["count"] == 1
    assert document(elsewhere.get(AROUND_NOON))["runs"]["count"] == 0


def test_a_key_that_is_limited_to_other_agents_does_not_find_it(schedule: Schedule, nobody: Caller) -> None:
    triage = make_agent(schedule.workspace, key="triage")
    limited = Caller(make_token(schedule.workspace, agents=[triage]))

    assert_error(limited.get(PATH), 404, "agent_not_found")
    assert_error(nobody.get(PATH), 401, "authentication_required")


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("from=yesterday", "from"),
        ("to=1969-01-01T00:00:00Z", "to"),
        ("from=2026-06-01T12:00:00Z&to=2026-06-01T12:00:00Z", "to"),
        ("from=9999-12-31T23:30:00Z", "from"),
        ("from=2026-01-01T00:00:00Z&to=2026-04-03T00:00:01Z", "from"),
        ("from=9998-01-01T00:00:00Z&to=9999-12-31T23:59:59Z", "from"),
    ],
)
def test_a_period_that_means_nothing_is_refused(api: Caller, query: str, param: str) -> None:
    assert_error(api.get(f"{PATH}?{query}"), 400, "invalid_request_body", param)


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-01-01T00:00:00Z&to=2026-04-03T00:00:00Z",
        "to=1970-01-01T00:00:00Z",
        "to=9999-12-31T23:59:59Z",
    ],
)
def test_a_period_at_its_bounds_is_not(api: Caller, query: str) -> None:
    document(api.get(f"{PATH}?{query}"))
