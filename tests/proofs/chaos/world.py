"""The world of one chaos run: servers, lines, the witness, and a site's programs under a restarting supervisor."""

import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
import redis

from orqsite.embedded import watchdog
from orqsite.embedded.ports import free_port
from orqsite.embedded.supervisor import Program, Supervisor
from orqsite.embedded.valkey import Valkey, url_of
from tests.proofs.chaos.clock import ServiceClock
from tests.proofs.chaos.proxy import Proxy
from tests.proofs.chaos.site import Site, Surroundings
from tests.proofs.chaos.witness import ROOT, Witness
from tests.servers.postgres import Postgres, Standby
from tests.waiting import wait_for

READY_SECONDS = 120.0
RESTART_SECONDS = 30.0


class World:
    """Everything that can be hurt, by name; all of it is gone when the block ends."""

    def __init__(self, make_site: Callable[[Surroundings], Site], keep: Path | None = None) -> None:
        """`make_site` gets the addresses of what surrounds the site; `keep`: copy all logs there at the end."""
        self._keep = keep
        self.folder = Path(tempfile.mkdtemp(prefix="chaos-"))
        self.postgres = Postgres(is_durable=True)
        self.valkey = Valkey(self.folder / "valkey", is_durable=True)
        self.database_line = Proxy(self.postgres.port)
        self.broker_line = Proxy(self.valkey.port)
        self.witness = Witness(self.folder)
        self.clock = ServiceClock(self.postgres.url)
        self.database_lock = threading.Lock()
        self.broker_lock = threading.Lock()
        """Two faults must not hurt the same server at once: the second would find it hurt already."""
        self._standby: Standby | None = None
        self._make_site = make_site
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self._stack.callback(self._keep_logs)
        self._stack.callback(self.postgres.remove)
        self._stack.callback(self.valkey.stop)
        try:
            self._start_servers()
            self.site = self._make_site(self._surroundings())
            self.site.prepare()
            self._start_programs()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def names(self, kind: str) -> list[str]:
        """The programs whose names begin so."""
        return [name for name in self._programs if name.startswith(kind)]

    def pid(self, name: str) -> int | None:
        """The process group of a program now; None while it is between two lives."""
        child = self._supervisor._runners[name]._child
        return child.pid if child is not None and child.is_alive else None

    def kill(self, name: str) -> bool:
        """kill -9 of the program and its whole family; the supervisor starts it again. False: it did not live."""
        pid = self.pid(name)
        return pid is not None and watchdog.send(pid, signal.SIGKILL)

    def stop_for(self, name: str, seconds: float) -> bool:
        """SIGSTOP the program's whole family, and let it go on after so many seconds. False: it did not live."""
        pid = self.pid(name)
        if pid is None or not watchdog.send(pid, signal.SIGSTOP):
            return False
        time.sleep(seconds)
        watchdog.send(pid, signal.SIGCONT)
        return True

    def flush_broker(self) -> None:
        """FLUSHALL, past the line."""
        with self.broker() as client:
            client.flushall()

    def broker(self) -> "redis.Redis":
        """A client of Valkey, past the line."""
        return redis.Redis.from_url(self.valkey.url, socket_timeout=10)

    def say_to_postgres(self, *statements: str) -> None:
        """An operator's words, past the line."""
        with psycopg.connect(self.postgres.url, autocommit=True) as operator:
            operator.execute("SET default_transaction_read_only = off")
            for statement in statements:
                operator.execute(statement.encode())

    def standby(self) -> Standby:
        """A hot standby of PostgreSQL, started when it is first needed; hold the database's lock."""
        if self._standby is None:
            self._standby = self.postgres.standby()
            self._stack.callback(self._standby.remove)
            self._standby.start()
        return self._standby

    def stop_broker_for(self, seconds: float) -> None:
        """SIGSTOP Valkey for so long: connections are accepted, nothing is answered."""
        assert self.valkey.child is not None
        watchdog.send(self.valkey.child.pid, signal.SIGSTOP)
        time.sleep(seconds)
        watchdog.send(self.valkey.child.pid, signal.SIGCONT)

    def restart_postgres(self, signal_number: signal.Signals) -> None:
        """End the server at once (SIGQUIT: immediate shutdown, SIGKILL: a crash) and start it again."""
        child = self.postgres.child
        assert child is not None
        child.process.send_signal(signal_number)
        child.process.wait(RESTART_SECONDS)
        self.postgres.kill()
        wait_for(self._postgres_started, RESTART_SECONDS, "PostgreSQL after its end")

    def log(self, name: str) -> str:
        """What a program has said."""
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def deaths(self) -> dict[str, int]:
        """How often each program has ended."""
        return {name: self._supervisor.deaths(name) for name in self._programs}

    def _postgres_started(self) -> bool:
        try:
            self.postgres.start()
        except RuntimeError:  # the old server's processes may still be leaving
            self.postgres.kill()
            return False
        return True

    def _start_servers(self) -> None:
        with ThreadPoolExecutor(3) as pool:
            servers = (self.postgres, self.valkey, self.witness)
            for started in [pool.submit(server.start) for server in servers]:
                started.result()
        self._stack.callback(self.witness.stop)
        for line in (self.database_line, self.broker_line):
            line.start()
            self._stack.callback(line.stop)

    def _surroundings(self) -> Surroundings:
        direct = self.postgres.url
        return Surroundings(
            database_url=direct.replace(f":{self.postgres.port}/", f":{self.database_line.port}/"),
            direct_database_url=direct,
            redis_url=url_of(self.broker_line.port, self.valkey.password),
            agent_url=self.witness.url,
            web_port=free_port(),
            folder=self.folder,
        )

    def _keep_logs(self) -> None:
        if self._keep is not None:
            self._keep.mkdir(parents=True, exist_ok=True)
            for path in [*self.folder.glob("*.log"), *self.folder.glob("*.jsonl")]:
                shutil.copy(path, self._keep)

    def _start_programs(self) -> None:
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **self.site.environment()}
        self._supervisor = Supervisor(self._write, env)
        self._stack.callback(self._supervisor.kill)
        self._programs = list(self.site.programs())
        for name, command in self.site.programs().items():
            self._supervisor.start(Program(name, command))
        wait_for(self.site.is_ready, READY_SECONDS, "the site's programs")

    def _write(self, name: str, line: str) -> None:
        with (self.folder / f"{name}.log").open("a", encoding="utf-8") as log:
            log.write(f"{time.time():.3f} {line}\n")
