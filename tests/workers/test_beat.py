"""ScheduleBeat in this process: it fires, recovers, keeps the stock scheduler's tasks, and outlives a database."""

import time
from datetime import UTC, datetime, timedelta

import pytest
import redis
from celery import current_app
from django.db import DatabaseError, OperationalError
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from pytest_django import Settings

from orqsite.embedded.valkey import Valkey
from schedules.database import clock
from schedules.database.clock import database_now
from schedules.firing.due import Fired
from schedules.messages import dispatch
from schedules.models import ClockLeap, Run, RunState
from tests.factories import make_due_schedule, make_run, make_schedule
from tests.messages import queued
from tests.races.threads import elsewhere
from workers import beat
from workers.beat import ScheduleBeat

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def started(valkey: redis.Redis) -> ScheduleBeat:
    return ScheduleBeat(app=current_app)


def soon() -> datetime:
    """A fire time that has just come, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def test_a_tick_fires_what_is_due(started: ScheduleBeat, valkey: redis.Redis) -> None:
    schedule = make_due_schedule(due_at=soon())

    started.tick()

    run = Run.objects.get(schedule=schedule)
    assert (dispatch.EXECUTE_RUN, [run.id, 1]) in queued(valkey)


def test_without_overlap_a_batchs_messages_have_left_before_the_next_is_fired(
    valkey: redis.Redis, settings: Settings
) -> None:
    settings.ORQ = settings.ORQ.model_copy(update={"without": ["fire_batch_overlap"]})
    messages = beat.Messages()

    messages.send([("run-1", 1)])

    assert queued(valkey) == [(dispatch.EXECUTE_RUN, ["run-1", 1])]


def test_the_first_batch_finds_its_template_made(valkey: redis.Redis) -> None:
    dispatch._template.cache_clear()

    messages = beat.Messages()
    messages.send([])
    messages.wait()  # one thread does both, in turn; that nothing is to be sent makes no template

    assert dispatch._template.cache_info().currsize == 1


def test_no_message_leaves_before_its_run_is_committed(
    started: ScheduleBeat, monkeypatch: pytest.MonkeyPatch, valkey: redis.Redis
) -> None:
    schedule = make_due_schedule(due_at=soon())
    seen_elsewhere: list[bool] = []

    class Watching(beat.Messages):
        def send(self, runs: list[dispatch.RunKey]) -> None:
            with elsewhere(lambda: Run.objects.filter(schedule=schedule).exists()) as seen:
                seen_elsewhere.append(seen.result(timeout=10))
            super().send(runs)

    monkeypatch.setattr(started, "_messages", Watching())
    started.tick()

    assert seen_elsewhere == [True]
    assert len(queued(valkey)) == 1


def test_a_tick_sleeps_until_just_after_the_next_whole_second(started: ScheduleBeat) -> None:
    delays = []
    for _ in range(6):
        delay = started.tick()
        woken_at = time.time() + delay
        delays.append(delay)
        time.sleep(0.17)

        assert woken_at % 1 < 0.9, "it wakes just after a whole second, not before one"
    assert all(0 <= delay <= 1.1 for delay in delays)


def test_a_tick_that_ends_after_a_second_it_did_not_look_at_is_followed_at_once(
    started: ScheduleBeat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It wakes before the whole second when the stock scheduler asked for that moment."""
    before_the_second = datetime(2026, 6, 1, 11, 59, 59, 990_000, UTC)
    ahead = before_the_second - datetime.now(UTC)
    monkeypatch.setattr(beat, "time_to_act", lambda: datetime.now(UTC) + ahead)
    monkeypatch.setattr(beat, "is_anything_due", lambda _: time.sleep(0.05))

    assert started.tick() == 0.0


def test_a_backlog_is_fired_without_a_pause(
    started: ScheduleBeat, settings: Settings, valkey: redis.Redis
) -> None:
    agent = make_due_schedule(due_at=soon()).agent
    for _ in range(4):
        make_due_schedule(agent, due_at=soon())
    settings.ORQ = settings.ORQ.model_copy(update={"fire_batch": 2})

    delays = [started.tick() for _ in range(3)]

    assert Run.objects.count() == 5
    assert delays[:2] == [0.0, 0.0]
    sent = [arguments[0] for task, arguments in queued(valkey) if task == dispatch.EXECUTE_RUN]
    assert sorted(sent) == sorted(Run.objects.values_list("id", flat=True)), "all left before it sleeps"


def test_while_runs_wait_for_room_on_the_queue_it_is_filled_again_soon(
    started: ScheduleBeat, settings: Settings, valkey: redis.Redis
) -> None:
    settings.ORQ = settings.ORQ.model_copy(update={"queue_limit": 2})
    started.tick()
    agent = make_due_schedule(due_at=soon()).agent
    for _ in range(3):
        make_due_schedule(agent, due_at=soon())

    delays, sent = [], set[str]()
    for _ in range(4):
        delays.append(started.tick())
        queue = queued(valkey)
        assert len(queue) <= 2
        sent |= {arguments[0] for task, arguments in queue if task == dispatch.EXECUTE_RUN}
        valkey.flushdb()

    assert sent == set(Run.objects.values_list("id", flat=True)), "each was sent"
    assert delays[0] <= beat.TOP_UP_SECONDS
    assert Run.objects.filter(redispatch_count__gt=1).count() == 0


def test_a_tick_recovers_lost_runs(started: ScheduleBeat, valkey: redis.Redis) -> None:
    past = database_now() - timedelta(minutes=1)
    run = make_run(make_schedule(now=past), not_before=past, redispatch_at=past)

    started.tick()

    assert queued(valkey).count((dispatch.EXECUTE_RUN, [run.id, 1])) == 1


def test_the_stock_schedulers_periodic_tasks_still_run(started: ScheduleBeat, valkey: redis.Redis) -> None:
    often = IntervalSchedule.objects.create(every=1, period=IntervalSchedule.SECONDS)
    PeriodicTask.objects.create(name="somebody's", task="somebody.elses_task", interval=often)
    fresh = ScheduleBeat(app=current_app)

    deadline = time.monotonic() + 20
    while "somebody.elses_task" not in [task for task, _ in queued(valkey)]:
        assert time.monotonic() < deadline
        time.sleep(min(fresh.tick(), 0.2))


def test_the_housekeeping_is_a_periodic_task(started: ScheduleBeat) -> None:
    assert started.schedule is not None
    for task in ("prune_history", "audit_ledger"):
        assert PeriodicTask.objects.filter(task=f"workers.tasks.{task}", enabled=True).exists()


def test_a_database_that_is_away_is_waited_for(
    started: ScheduleBeat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> int:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(beat, "is_anything_due", away)
    assert started.tick() == 1.0
    monkeypatch.undo()

    make_due_schedule(due_at=soon())
    started.tick()
    assert Run.objects.count() == 1


def test_a_stock_scheduler_that_fails_stops_no_firing(
    started: ScheduleBeat, monkeypatch: pytest.MonkeyPatch
) -> None:
    started.tick()
    make_due_schedule(due_at=soon())

    def away(*_: object) -> None:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(started, "_stock_tick_if_connected", away)
    monkeypatch.setattr(started, "_stock_tick_at", 0.0)

    assert started.tick() <= 1.1
    assert Run.objects.count() == 1


def test_a_backlog_does_not_keep_lost_runs_waiting(
    started: ScheduleBeat, valkey: redis.Redis, settings: Settings
) -> None:
    settings.ORQ = settings.ORQ.model_copy(update={"fire_batch": 1})
    past = database_now() - timedelta(minutes=1)
    run = make_run(make_schedule(now=past), not_before=past, redispatch_at=past)
    make_due_schedule(due_at=soon())

    assert started.tick() == 0.0

    assert (dispatch.EXECUTE_RUN, [run.id, 1]) in queued(valkey)


def test_a_broker_that_is_away_stops_neither_beat_nor_firing(
    own_broker: Valkey,
) -> None:
    own_broker.kill()
    lonely = ScheduleBeat(app=current_app)
    make_due_schedule(due_at=soon())

    started_at = time.monotonic()
    delays = [lonely.tick() for _ in range(3)]

    assert Run.objects.count() == 1
    assert all(delay <= 1.1 for delay in delays)
    assert time.monotonic() - started_at < 20


def test_lost_work_is_found_while_firing_fails(
    started: ScheduleBeat, valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    past = database_now() - timedelta(minutes=1)
    run = make_run(make_schedule(now=past), not_before=past, redispatch_at=past)

    def fail(*_: object) -> int:
        raise DatabaseError

    monkeypatch.setattr(beat, "is_anything_due", lambda _: True)
    monkeypatch.setattr(beat, "fire_due", fail)
    assert started.tick() == 1.0

    assert (dispatch.EXECUTE_RUN, [run.id, 1]) in queued(valkey)


def test_a_herd_puts_recovery_off_but_not_for_long(
    started: ScheduleBeat, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    recovered: list[datetime] = []
    monkeypatch.setattr(beat, "recover", lambda now, **_: recovered.append(now))
    monkeypatch.setattr(beat, "RECOVER_SECONDS", 0.0)
    monkeypatch.setattr(beat, "HERD_SECONDS", 0.3)
    started.tick()
    recovered.clear()
    monkeypatch.setattr(beat, "is_anything_due", lambda _: True)
    monkeypatch.setattr(beat, "fire_due", lambda *_: Fired([], settings.ORQ.fire_batch))

    started.tick()
    assert recovered == []
    time.sleep(0.3)
    started.tick()
    assert len(recovered) == 1


def test_a_tick_does_nothing_while_the_databases_clock_has_leapt(
    started: ScheduleBeat, valkey: redis.Redis
) -> None:
    past = database_now() - timedelta(minutes=1)
    due = make_due_schedule(due_at=soon())
    waiting = make_run(due, not_before=past, redispatch_at=past)
    lost = make_run(due, state=RunState.RUNNING, lease_expires_at=past)
    clock.believe_others(timedelta(days=30))

    delay = started.tick()

    assert 0.5 < delay <= 1.0
    assert set(Run.objects.values_list("id", "state")) == {(waiting.id, "pending"), (lost.id, "running")}
    assert queued(valkey) == []


def test_a_beat_fires_by_itself_when_the_clock_is_right_again(
    started: ScheduleBeat, valkey: redis.Redis
) -> None:
    due = make_due_schedule(due_at=soon())
    clock.believe_others(timedelta(days=30))
    started.tick()

    clock.believe_others(timedelta(0))
    started.tick()

    assert Run.objects.get().schedule_id == due.id


def test_a_beat_writes_down_a_leap_that_it_believes_before_it_fires_by_it(
    started: ScheduleBeat, valkey: redis.Redis, settings: Settings
) -> None:
    settings.ORQ = settings.ORQ.model_copy(update={"clock_accept_seconds": 0})
    make_due_schedule(due_at=soon() - timedelta(days=1))
    clock.believe_others(timedelta(days=30))

    started.tick()

    leap = ClockLeap.objects.get()
    assert leap.reached_at - leap.left_at == pytest.approx(timedelta(days=30), abs=timedelta(seconds=5))
    assert Run.objects.count() == 1


def test_housekeeping_does_not_wait_for_a_clock_that_was_ahead(
    started: ScheduleBeat, valkey: redis.Redis
) -> None:
    often = IntervalSchedule.objects.create(every=1, period=IntervalSchedule.HOURS)
    ahead = datetime.now(UTC) + timedelta(days=365)
    task = PeriodicTask.objects.create(name="somebody's", task="other", interval=often, last_run_at=ahead)

    started.tick()

    task.refresh_from_db()
    assert task.last_run_at is not None
    assert task.last_run_at < datetime.now(UTC) + timedelta(minutes=1)
