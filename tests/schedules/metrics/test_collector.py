"""Each metric says what is in the database at that moment, and no counter ever falls."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from schedules import editing, retention, tallies
from schedules.database.clock import database_now
from schedules.deliveries import counting
from schedules.firing.due import fire_due
from schedules.metrics import schedule_counts
from schedules.metrics.collector import ServiceCollector
from schedules.models import (
    Agent,
    AuditResult,
    HourTally,
    NextFire,
    ProcessRegistration,
    Run,
    Schedule,
    ScheduleCount,
    Workspace,
)
from schedules.runs import finishing, transitions
from schedules.version import VERSION
from tests.factories import NOON, finish, make_agent, make_hold, make_run, make_schedule, make_workspace
from tests.schedules.tallies.test_counting import failing, started

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scraped(*labels: str) -> Samples:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(ServiceCollector(labels))
    text = generate_latest(registry).decode()
    return {
        (sample.name.removeprefix("agent_schedules_"), tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, tuple(sorted(labels.items()))))


def succeed(schedule: Any = None, **answer: Any) -> Run:
    run = make_run(schedule or make_schedule())
    assert finishing.succeed(started(run).run_id, 1, NOON + SECOND, **answer)
    return run


def test_a_service_without_anything_has_zeros_and_no_unknowns() -> None:
    samples = scraped()

    assert value(samples, "build_info", version=VERSION) == 1
    assert value(samples, "runs", state="pending") == value(samples, "fires_total", trigger="late") == 0
    assert value(samples, "run_lateness_seconds_bucket", le="+Inf") == 0
    assert value(samples, "ledger_findings") is None
    assert value(samples, "schedules", state="active") is None
    assert value(samples, "cost_total", currency="USD") == 0


def test_runs_are_counted_by_state_reason_and_trigger() -> None:
    succeed()
    finishing.fail(started(make_run(make_schedule())), failing(), NOON)
    tallies.fold()
    transitions.cancel(make_run(make_schedule()).id, NOON)

    samples = scraped()

    assert value(samples, "runs_total", state="succeeded", reason="", trigger="manual") == 1
    assert value(samples, "runs_total", state="failed", reason="agent_failed", trigger="manual") == 1
    assert (
        value(samples, "runs_total", state="cancelled", reason="cancelled_by_person", trigger="manual") == 1
    )
    assert value(samples, "attempts_total", outcome="succeeded") == 1
    assert value(samples, "attempts_total", outcome="failed") == 1
    assert value(samples, "attempts_total", outcome="lost") == 0


def test_a_run_is_fired_once_whether_it_is_open_or_has_ended() -> None:
    fired = []
    run = make_run(make_schedule())
    for step in (
        lambda: None,
        lambda: started(run),
        lambda: finishing.succeed(run.id, 1, NOON),
        lambda: tallies.fold(),
        lambda: Run.objects.all().delete(),
    ):
        step()
        fired.append(value(scraped(), "fires_total", trigger="manual"))

    assert fired == [1] * 5


def test_open_runs_are_those_that_wait_or_work() -> None:
    make_run(make_schedule())
    started(make_run(make_schedule()))
    started(make_run(make_schedule()))

    samples = scraped()

    assert (value(samples, "runs", state="pending"), value(samples, "runs", state="running")) == (1, 2)


def test_no_counter_falls_over_folds_and_retention() -> None:
    make_schedule(expression="0 0 * * * *", now=NOON)
    fire_due(NOON + 5.5 * HOUR, 10)
    succeed(input_tokens=3, cost=1_500_000_000)
    before = _counters(scraped())

    tallies.fold()
    folded = _counters(scraped())
    retention.prune(database_now() + timedelta(days=500), timedelta(days=1))
    pruned = _counters(scraped())

    assert not HourTally.objects.exists()
    assert not Run.objects.filter(state="succeeded").exists()
    assert before == folded == pruned


def _counters(samples: Samples) -> Samples:
    ends = ("_total", "_bucket", "_count", "_sum")
    return {name: number for name, number in samples.items() if name[0].endswith(ends)}


def test_missed_fire_times_are_counted_by_reason() -> None:
    make_schedule(expression="0 0 * * * *", now=NOON)
    fire_due(NOON + 5.5 * HOUR, 10)

    samples = scraped()

    assert value(samples, "missed_firings_total", reason="coalesced") == 4
    assert value(samples, "fires_total", trigger="late") == 1
    assert not [name for name, labels in samples if ("state", "missed") in labels]


def test_lateness_and_durations_are_histograms_in_seconds() -> None:
    due_at = NOON + 10 * SECOND
    run = make_run(make_schedule())
    finishing.succeed(started(run, due_at + 2 * SECOND).run_id, 1, due_at + 42 * SECOND)

    samples = scraped()

    assert value(samples, "run_lateness_seconds_sum") == 2
    assert value(samples, "run_lateness_seconds_bucket", le="1.0") == 0
    assert value(samples, "run_lateness_seconds_bucket", le="2.5") == 1
    assert value(samples, "run_lateness_seconds_bucket", le="3600.0") == 1
    assert value(samples, "attempt_duration_seconds_bucket", le="30.0") == 0
    assert value(samples, "attempt_duration_seconds_bucket", le="60.0") == 1
    assert value(samples, "attempt_duration_seconds_count") == 1


def test_tokens_and_cost_are_added_up() -> None:
    succeed(input_tokens=3, output_tokens=2, cached_tokens=1, cost=1_500_000_000)
    succeed(input_tokens=4)

    samples = scraped()

    assert [value(samples, "tokens_total", type=kind) for kind in ("input", "output", "cached")] == [7, 2, 1]
    assert value(samples, "cost_total", currency="USD") == 1.5


def test_what_is_due_and_was_not_fired_shows() -> None:
    make_schedule()
    NextFire.objects.update(fire_time=database_now() - 90 * SECOND)

    samples = scraped()

    assert value(samples, "next_fires_due") == 1
    assert 85 < (value(samples, "oldest_due_seconds") or 0) < 600


def test_how_long_the_oldest_run_has_waited_shows() -> None:
    assert value(scraped(), "oldest_due_run_seconds") == 0
    make_run(make_schedule(), not_before=database_now() - 90 * SECOND)

    assert 85 < (value(scraped(), "oldest_due_run_seconds") or 0) < 600


def test_beats_and_workers_show_with_the_time_they_were_seen() -> None:
    for kind, pid, in_flight in (("beat", 1, 0), ("worker", 2, 7)):
        ProcessRegistration.objects.create(
            kind=kind, host="h", pid=pid, in_flight_count=in_flight, last_seen_at=NOON
        )

    samples = scraped()

    assert value(samples, "beat_last_tick_timestamp_seconds", beat="h:1") == NOON.timestamp()
    assert value(samples, "worker_last_seen_timestamp_seconds", worker="h:2") == NOON.timestamp()
    assert value(samples, "worker_in_flight", worker="h:2") == 7


def audited(findings: int, *, is_whole: bool, at: Any = NOON) -> None:
    AuditResult.objects.create(
        audited_at=at,
        since=NOON,
        is_whole=is_whole,
        settled_until=NOON,
        expected_count=1,
        accounted_count=1,
        finding_count=findings,
        duration=SECOND,
    )


def test_findings_stay_until_an_audit_of_all_history_has_none() -> None:
    audited(0, is_whole=True)
    audited(2, is_whole=False)
    audited(0, is_whole=False, at=NOON + HOUR)

    samples = scraped()
    assert value(samples, "ledger_findings") == 2
    assert value(samples, "ledger_audited_timestamp_seconds") == (NOON + HOUR).timestamp()

    audited(0, is_whole=True, at=NOON + 2 * HOUR)
    assert value(scraped(), "ledger_findings") == 0


def test_schedules_are_counted_by_state_once_a_minute() -> None:
    agent = make_agent()
    schedules = [make_schedule(agent) for _ in range(5)]
    editing.update(schedules[0].id, {"is_active": False}, "apk_x", NOON)
    finish(schedules[1])
    editing.delete(schedules[2].id, "apk_x", NOON)

    assert schedule_counts.refresh(NOON)
    assert not schedule_counts.refresh(NOON + 59 * SECOND)
    editing.delete(schedules[3].id, "apk_x", NOON)
    unchanged = scraped()
    assert schedule_counts.refresh(NOON + 60 * SECOND)

    states = ("active", "paused", "finished")
    assert [value(unchanged, "schedules", state=state) for state in states] == [2, 1, 1]
    assert [value(scraped(), "schedules", state=state) for state in states] == [1, 1, 1]


@pytest.mark.parametrize(("scope", "held_count"), [("agent", 2), ("workspace", 3), ("everything", 4)])
def test_what_a_hold_stops_is_a_state_of_its_own_as_long_as_it_lasts(scope: str, held_count: int) -> None:
    agent = make_agent()
    schedules = [make_schedule(agent) for _ in range(3)]
    make_schedule(make_agent(agent.workspace, key="triage"))
    make_schedule(make_agent())
    editing.update(schedules[0].id, {"is_active": False}, "apk_x", NOON)
    of: dict[str, Agent | Workspace | None] = {"agent": agent, "workspace": agent.workspace}
    make_hold(of.get(scope), until_at=NOON + 60 * SECOND)

    schedule_counts.refresh(NOON)
    meanwhile = scraped()
    schedule_counts.refresh(NOON + 60 * SECOND)

    states = ("active", "held", "paused")
    assert [value(meanwhile, "schedules", state=state) for state in states] == [4 - held_count, held_count, 1]
    assert [value(scraped(), "schedules", state=state) for state in states] == [4, 0, 1]


def test_a_state_that_no_schedule_has_any_more_goes() -> None:
    schedule = make_schedule()
    schedule_counts.refresh(NOON)
    editing.delete(schedule.id, "apk_x", NOON)

    schedule_counts.refresh(NOON + 60 * SECOND)

    assert not ScheduleCount.objects.exists()


@pytest.mark.parametrize(
    ("ends", "failing_count"),
    [("f", 1), ("sf", 1), ("fs", 0), ("ff", 1), ("fc", 1), ("", 0), ("s", 0)],
)
def test_a_schedule_fails_from_a_failure_to_the_next_success(ends: str, failing_count: int) -> None:
    schedule = make_schedule()
    states = {"f": "failed", "s": "succeeded", "c": "cancelled"}
    for number, end in enumerate(ends):
        make_run(schedule, id=str(number).zfill(26), state=states[end], finished_at=NOON)

    schedule_counts.refresh(NOON)

    assert (value(scraped(), "schedules_failing") or 0) == failing_count


def test_labels_are_the_workspaces_and_agents_names() -> None:
    first, second = (make_agent(make_workspace(name), "digest") for name in ("acme", "globex"))
    succeed(make_schedule(first), input_tokens=1)
    succeed(make_schedule(second), input_tokens=2)
    make_run(make_schedule(second))
    schedule_counts.refresh(NOON)

    samples = scraped("agent", "workspace")

    of_second = {"workspace": "globex", "agent": "digest"}
    assert value(samples, "tokens_total", type="input", **of_second) == 2
    assert value(samples, "fires_total", trigger="manual", **of_second) == 2
    assert value(samples, "runs", state="pending", **of_second) == 1
    assert value(samples, "schedules", state="active", workspace="globex") == 2
    assert value(samples, "run_lateness_seconds_count", **of_second) == 1


def test_an_agent_that_is_gone_keeps_its_counts_under_its_id() -> None:
    run = succeed()
    agent_id = run.schedule.agent_id
    for model in (Run, Schedule, Agent):
        model.objects.all().delete()

    samples = scraped("agent")

    assert value(samples, "fires_total", trigger="manual", agent=agent_id) == 1


def test_attempts_to_tell_an_endpoint_are_counted_by_channel_and_outcome() -> None:
    counting.add("delivered", {"webhook": 2, "slack": 1})
    counting.add("delivered", {"webhook": 1})

    samples = scraped("workspace", "agent")

    assert value(samples, "deliveries_total", channel="webhook", outcome="delivered") == 3
    assert value(samples, "deliveries_total", channel="slack", outcome="delivered") == 1
    assert value(samples, "deliveries_total", channel="email", outcome="dead") == 0


def test_a_scrape_asks_eight_times_however_much_there_is() -> None:
    agent = make_agent()
    for _ in range(5):
        succeed(make_schedule(agent))

    with CaptureQueriesContext(connection) as queries:
        scraped("workspace", "agent")

    assert len(queries) <= 8


@pytest.fixture(autouse=True)
def _clock() -> None:
    """The process knows the database's time, as each does a moment after its start."""
    database_now()
