"""Six processes write to one SQLite file at once: two of web, a beat, a worker and two that do verbs directly.

`ORQ_TEST_SECONDS` says for how long (default 10).
"""

import os
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import httpx2
import pytest

from orqsite.embedded.ports import LOOPBACK, free_port
from tests.processes.databases import migrated_database
from tests.processes.service import Service
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.processes,
    pytest.mark.alone,
    pytest.mark.postgresql,
]  # beside the session's database, whichever it is

SECONDS = float(os.environ.get("ORQ_TEST_SECONDS", "10"))
LOCKED = "database is locked"
PROCESSES = ("web", "web-2", "beat", "worker", "verbs-1", "verbs-2")
PATH = "/v3/agents/busy/schedules"


class Writers(Service):
    """The service on SQLite with a second web process, and two processes beside it."""

    def __enter__(self) -> Self:
        self.environment["ORQ_RATE_PER_KEY"] = self.environment["ORQ_RATE_TRIGGER_PER_SCHEDULE"] = "0"
        super().__enter__()
        self.create_agent("busy")
        self.second_port = free_port()
        bind = f"{LOOPBACK}:{self.second_port}"
        options = ("--bind", bind, "--threads", "4", "--no-control-socket")
        self.start("web-2", "-m", "gunicorn", "orqsite.wsgi", *options)
        for name in ("verbs-1", "verbs-2"):
            self.start(name, "-m", "tests.processes.verb_writer", name)
        return self

    def clients(self) -> list[httpx2.Client]:
        """Two of each web process."""
        first = [self.client(self.token) for _ in range(4)]
        for client in first[2:]:
            client.base_url = httpx2.URL(f"http://{LOOPBACK}:{self.second_port}")
        return first

    def all_logs(self) -> str:
        """What all processes have said."""
        return "\n".join(self.log(name) for name in PROCESSES)

    def due_count(self) -> int:
        """How many schedules wait for the beat."""
        with sqlite3.connect(self.environment["DATABASE_URL"].removeprefix("sqlite:///")) as database:
            query = "SELECT count(*) FROM schedules_nextfire WHERE fire_time <= datetime('now')"
            return int(database.execute(query).fetchone()[0])

    def count(self, what: str) -> int:
        """How often a process has said this."""
        return self.all_logs().count(what)


class Traffic:
    """Clients that create, edit, trigger, read and delete until they are told to stop; what they were answered."""

    def __init__(self, clients: list[httpx2.Client]) -> None:
        self.answers: Counter[tuple[str, int]] = Counter()
        self.refused: list[str] = []
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(client,)) for client in clients]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _work(self, client: httpx2.Client) -> None:
        with client:
            while not self._is_over.is_set():
                self._one_life(client)

    def _one_life(self, client: httpx2.Client) -> None:
        """Two schedules: one is worked on, the other is left to the beat and the worker."""
        self._ask("create", lambda: client.post(PATH, json=once(in_seconds=4)))
        schedule = self._ask("create", lambda: client.post(PATH, json=once(in_seconds=3600)))
        if schedule is None:
            return
        path = f"{PATH}/{schedule.json()['_id']}"
        self._ask("trigger", lambda: client.post(f"{path}/execution"))
        self._ask("edit", lambda: client.patch(path, json={"payload": {"input": "Anew"}}))
        self._ask("edit", lambda: client.patch(path, json={"is_active": False}))
        self._ask("read", lambda: client.get(path))
        self._ask("delete", lambda: client.delete(path))

    def _ask(self, verb: str, ask: Callable[[], httpx2.Response]) -> httpx2.Response | None:
        answer = ask()
        self.answers[verb, answer.status_code] += 1
        if not answer.is_success:  # a machine may be so busy that a once is over when its request is read
            self.refused.append(answer.text)
        return answer if answer.is_success else None


def once(in_seconds: float) -> dict[str, object]:
    """The body of a schedule that is soon due."""
    due_at = datetime.now(UTC) + timedelta(seconds=in_seconds + 0.5)
    return {"type": "once", "expression": f"@at {due_at:%Y-%m-%dT%H:%M:%SZ}", "payload": {"input": "Hi"}}


@pytest.fixture
def writers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Writers]:
    """All processes; parametrised with the settings they have."""
    redis_url = os.environ["REDIS_URL"].removesuffix("/0") + "/4"
    service = Writers(tmp_path, migrated_database("sqlite", tmp_path), redis_url)
    service.environment["DJANGO_SETTINGS_MODULE"] = request.param
    try:
        with service:
            yield service
    finally:
        service.stop()


@pytest.mark.parametrize("writers", ["orqsite.settings"], indirect=True)
def test_six_writers_never_find_the_database_locked(writers: Writers) -> None:
    with Traffic(writers.clients()) as traffic:
        time.sleep(SECONDS)  # the length of the trial
    for name in ("verbs-1", "verbs-2"):
        writers.children[name].kill()
    wait_for(lambda: writers.due_count() == 0, 30, "what is due to be fired")

    lives = writers.count("create trigger wait claim finish edit delete")
    fired, claimed = writers.count('"schedule.fired"'), writers.count('"run.claimed"')
    print(
        f"\n{SECONDS:g} s: {dict(traffic.answers)}, {lives} lives of 7 verbs, {fired} batches, {claimed} claims"
    )
    assert LOCKED not in writers.all_logs() + "".join(traffic.refused)
    assert all("is in the past" in text for text in traffic.refused), traffic.refused
    assert "Traceback" not in writers.all_logs()
    assert min(lives, fired, claimed, traffic.answers["trigger", 202]) > 0
    print(writers.manage("audit"))  # exits with 1, which is refused, unless it is clean


@pytest.mark.parametrize("writers", ["tests.processes.deferred_transactions"], indirect=True)
def test_the_same_writers_do_when_transactions_take_their_lock_late(writers: Writers) -> None:
    with Traffic(writers.clients()) as traffic:
        wait_for(lambda: LOCKED in writers.all_logs() + "".join(traffic.refused), 30, "a lock error")
