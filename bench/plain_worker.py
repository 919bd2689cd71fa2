"""The plain Celery worker beside ours: its tasks are those of peers/worker_project.py, its environment its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

import psycopg
from celery import Celery, current_app

from bench.environments import PEERS, python_of
from bench.processes import ALONE, cpu_seconds, process, wait_for
from bench.servers import Servers
from bench.slow_agent import SlowAgent
from orqsite.embedded.children import Child

REDIS_NUMBER = 4


def plain_app() -> Celery:
    """A Celery application that sends to our queue as anybody's would: with kombu's own Redis transport."""
    ours = current_app.conf
    app = Celery("plain", broker=ours.broker_url, set_as_current=False)
    app.conf.update(
        broker_transport="kombu.transport.redis:Transport",
        broker_transport_options=ours.broker_transport_options,
        task_default_queue=ours.task_default_queue,
        task_ignore_result=True,
    )
    return app


class PlainWorker:
    """Tasks by name, counted as they are done by whoever watches."""

    def __init__(self, servers: Servers) -> None:
        self.database_url = servers.new_database("worker")
        self.broker = servers.broker(REDIS_NUMBER)
        self._folder = servers.folder
        self._env = {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": servers.redis_database(REDIS_NUMBER),
            "PYTHONPATH": str(PEERS),
        }
        with self._process("worker_project.py") as making:
            assert making.process.wait(60) == 0, "the plain worker's table could not be made"

    @contextmanager
    def running(self, threads: int) -> Iterator[Child]:
        """The worker with so many threads."""
        app = ("-m", "celery", "-A", "worker_project", "-q", "worker", *ALONE)
        with self._process(*app, "--pool", "threads", "--concurrency", str(threads)) as child:
            yield child

    @contextmanager
    def _process(self, *arguments: str) -> Iterator[Child]:
        log, python = self._folder / "plain-worker.log", python_of("worker")
        with process(log, *arguments, python=python, env=self._env, cwd=PEERS) as child:
            yield child

    def send(self, task: str, url: str, count: int) -> None:
        """Queue `count` messages of the task."""
        with self._app.producer_pool.acquire(block=True) as producer:
            for _ in range(count):
                self._app.send_task(task, args=[url], producer=producer)

    @cached_property
    def _app(self) -> Celery:
        return Celery("sender", broker=self._env["REDIS_URL"], set_as_current=False)

    def wave(self, child: Child, task: str, agent: SlowAgent, count: int) -> float:
        """Milliseconds of CPU a task while `count` of them are worked off."""
        total = agent.counts[2] + count
        used = cpu_seconds(child)
        self.send(task, agent.url, count)
        wait_for(lambda: _is_over(agent, total), 120, f"{count} plain tasks", pause=0.2)
        return (cpu_seconds(child) - used) / count * 1000

    def rows(self) -> int:
        """How many answers it has saved."""
        with psycopg.connect(self.database_url) as database:
            row = database.execute("SELECT count(*) FROM worker_answer").fetchone()
        return int(row[0]) if row else 0


def _is_over(agent: SlowAgent, total: int) -> bool:
    in_flight, _, calls = agent.counts
    return in_flight == 0 and calls >= total
