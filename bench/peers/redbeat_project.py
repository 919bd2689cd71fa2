"""RedBeat as its documentation sets it up; run as a module it fills the Redis: `COUNT DUE_AT`."""

import os
import sys
from datetime import UTC, datetime, timedelta

from celery import Celery
from celery.schedules import schedule

app = Celery("redbeat", broker=os.environ["REDIS_URL"])
app.conf.task_ignore_result = True
app.conf.redbeat_redis_url = os.environ["REDIS_URL"]


@app.task(name="execute")
def execute(number: int) -> None:
    """What a due schedule runs."""


def fill(count: int, due_at: datetime) -> None:
    """`count` hourly entries that come due at this moment."""
    from redbeat import RedBeatSchedulerEntry

    hourly = schedule(run_every=timedelta(hours=1), app=app)
    for number in range(count):
        entry = RedBeatSchedulerEntry(
            f"entry-{number}",
            "execute",
            hourly,
            args=[number],
            app=app,
            last_run_at=due_at - timedelta(hours=1),
        )
        entry.save()
        entry.reschedule(due_at - timedelta(hours=1))


if __name__ == "__main__":
    fill(int(sys.argv[1]), datetime.fromtimestamp(float(sys.argv[2]), UTC))
