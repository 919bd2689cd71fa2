"""status and healthy: what people and probes are told of the processes."""

import socket
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
import redis
from django.core.management import CommandError, call_command
from pydantic import SecretStr
from pytest_django import Settings

from orqsite.embedded.valkey import Valkey
from schedules import processes
from schedules.database.clock import database_now
from schedules.ledger.housekeeping import audit_what_is_new
from schedules.models import ProcessKind, ProcessRegistration
from schedules.models.process import this_process
from tests.commands.conftest import Run
from tests.factories import make_due_schedule, make_run, make_schedule

pytestmark = pytest.mark.django_db


def registered(kind: str, age_seconds: float = 0, **fields: object) -> ProcessRegistration:
    """A process of this host that was seen so long ago."""
    process = this_process(ProcessKind(kind), "1.2.3", 20)
    process.last_seen_at = database_now() - timedelta(seconds=age_seconds)
    for name, value in fields.items():
        setattr(process, name, value)
    process.save()
    return process


def lines(text: str) -> dict[str, list[str]]:
    """The table's lines by what they are about."""
    table: dict[str, list[str]] = {}
    for line in text.splitlines():
        table.setdefault(line[:18].strip(), []).append(line[19:])
    return table


@pytest.mark.parametrize("kind", ["beat", "worker"])
def test_a_process_that_was_seen_is_healthy(run: Run, kind: str) -> None:
    process = registered(kind, 5)

    assert run("healthy", kind) == f"{kind} {process.host}:{process.pid} was seen 5 s ago.\n"


@pytest.mark.parametrize("kind", ["beat", "worker"])
def test_one_that_was_not_seen_for_long_is_not(kind: str) -> None:
    registered(kind, 31)

    with pytest.raises(CommandError, match="last seen 31 s ago"):
        call_command("healthy", kind)


def test_those_of_other_hosts_and_of_the_other_kind_do_not_count() -> None:
    registered("worker", host="elsewhere")
    registered("beat")

    with pytest.raises(CommandError, match=f"No worker of this host \\({socket.gethostname()}"):
        call_command("healthy", "worker")


def test_where_a_host_has_several_one_can_be_asked_after(run: Run) -> None:
    registered("worker", 60, pid=1)
    registered("worker", 1, pid=2)

    assert "seen 1 s ago" in run("healthy", "worker")
    assert "seen 1 s ago" in run("healthy", "worker", "--pid=2")
    with pytest.raises(CommandError, match="last seen 60 s ago"):
        call_command("healthy", "worker", "--pid=1")


def test_status_is_a_page_with_everything(run: Run, valkey: redis.Redis) -> None:
    assert valkey.ping()
    now = database_now()
    registered("beat", 3)
    registered("worker", 2, in_flight_count=7)
    registered("worker", 300, host="gone", clock_offset=timedelta(seconds=-3600))
    make_due_schedule(due_at=now - timedelta(hours=3))
    make_run(make_schedule(now=now), not_before=now - timedelta(minutes=5))
    audit_what_is_new(now - timedelta(minutes=30), timedelta(days=1))

    table = lines(run("status"))

    assert table["database"] == table["broker"] == table["encryption keys"] == ["ok"]
    assert "1.2.3, ticked 3 s ago" in table["beat"][0]
    [alive, gone] = sorted(table["worker"], key=lambda line: "GONE" in line)
    assert "7 of 20 in flight, seen 2 s ago" in alive
    assert "gone:" in gone
    assert "off by -3600 s" in gone
    assert table["oldest due fire"] == ["waits for 3 h"]
    assert table["oldest due run"] == ["waits for 5 min"]
    assert table["queue"] == ["0 messages"]
    assert "30 min ago" in table["last audit"][0]


def test_status_of_an_empty_service_says_that_nobody_works(run: Run) -> None:
    table = lines(run("status"))

    assert table["beat"] == table["worker"] == ["none is alive"]
    assert table["oldest due fire"] == table["oldest due run"] == ["none"]
    assert table["last audit"] == ["none yet"]


def test_status_names_what_is_red_and_its_exit_code_says_so(
    settings: Settings, start_valkey: Callable[[], Valkey]
) -> None:
    broker = start_valkey()
    settings.ORQ = settings.ORQ.model_copy(update={"redis_url": SecretStr(broker.url)})
    broker.kill()
    printed = StringIO()

    with pytest.raises(CommandError, match="because of the broker"):
        call_command("status", stdout=printed)

    assert lines(printed.getvalue())["broker"] == ["unreachable: it does not answer"]


def test_a_process_that_is_seen_again_keeps_its_one_row() -> None:
    process = this_process(ProcessKind.WORKER, "1.2.3", 20)

    for in_flight_count in (1, 2):
        processes.say_alive(process, timedelta(seconds=4), in_flight_count)

    [row] = ProcessRegistration.objects.all()
    assert (row.in_flight_count, row.thread_count, row.version) == (2, 20, "1.2.3")
    assert (database_now() - row.last_seen_at).total_seconds() == pytest.approx(4, abs=2)
    assert abs(row.clock_offset) < timedelta(seconds=2)
    started_at = row.started_at
    processes.say_alive(process, timedelta(0), 0)
    row.refresh_from_db()
    assert row.started_at == started_at


def test_a_process_whose_row_was_deleted_is_there_again() -> None:
    process = this_process(ProcessKind.WORKER, "1.2.3")
    processes.say_alive(process, timedelta(0), 0)
    ProcessRegistration.objects.all().delete()

    processes.say_alive(process, timedelta(0), 0)

    assert ProcessRegistration.objects.count() == 1


def test_those_gone_for_long_are_forgotten() -> None:
    registered("beat", 3700)
    kept = registered("worker", 3500)

    assert processes.forget_gone() == 1

    assert list(ProcessRegistration.objects.all()) == [kept]
