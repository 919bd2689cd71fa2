"""APScheduler with its jobs in PostgreSQL, each job one message to a Redis list.

`python apscheduler_project.py COUNT DUE_AT` fills the store; `python apscheduler_project.py run` runs it.
"""

import os
import sys
from datetime import UTC, datetime

import redis
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.schedulers.blocking import BlockingScheduler

broker = redis.Redis.from_url(os.environ["REDIS_URL"])


def execute(number: int) -> None:
    """What a due job does: hand the work to a worker."""
    broker.lpush("celery", number)


def scheduler(kind: type[BaseScheduler]) -> BaseScheduler:
    """A scheduler with the documented PostgreSQL store."""
    url = os.environ["DATABASE_URL"].replace("postgres://", "postgresql+psycopg://")
    return kind(
        jobstores={"default": SQLAlchemyJobStore(url=url)},
        executors={"default": ThreadPoolExecutor(20)},
        job_defaults={"misfire_grace_time": None, "coalesce": True},
        timezone=UTC,
    )


def fill(count: int, due_at: datetime) -> None:
    """`count` hourly jobs that come due at this moment."""
    jobs = scheduler(BackgroundScheduler)
    jobs.start(paused=True)
    for number in range(count):
        jobs.add_job("apscheduler_project:execute", "interval", hours=1, args=[number], next_run_time=due_at)
    jobs.shutdown()


if __name__ == "__main__":
    if sys.argv[1] == "run":
        scheduler(BlockingScheduler).start()
    else:
        fill(int(sys.argv[1]), datetime.fromtimestamp(float(sys.argv[2]), UTC))
