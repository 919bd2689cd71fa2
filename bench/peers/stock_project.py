"""django-celery-beat as its documentation sets it up: one PeriodicTask per schedule, one plain task.

Run as a module it fills the database: `python stock_project.py COUNT DUE_AT` (seconds since the epoch).
"""

import os
import sys
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import django
from celery import Celery
from django.conf import settings

_database = urlsplit(os.environ["DATABASE_URL"])
settings.configure(
    SECRET_KEY="bench",
    INSTALLED_APPS=["django_celery_beat"],
    USE_TZ=True,
    TIME_ZONE="UTC",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": _database.hostname,
            "PORT": _database.port,
            "USER": _database.username,
            "PASSWORD": _database.password,
            "NAME": _database.path[1:],
        }
    },
)
django.setup()

app = Celery("stock", broker=os.environ["REDIS_URL"])
app.conf.task_ignore_result = True


@app.task(name="execute")
def execute(number: int) -> None:
    """What a due schedule runs."""


def fill(count: int, due_at: datetime) -> None:
    """`count` hourly periodic tasks that come due at this moment."""
    from django.core.management import call_command
    from django.db import connection
    from django_celery_beat.models import IntervalSchedule, PeriodicTask, PeriodicTasks

    call_command("migrate", verbosity=0)
    hourly, _ = IntervalSchedule.objects.get_or_create(every=1, period=IntervalSchedule.HOURS)
    with connection.cursor() as cursor:  # a deletion's signals would note 10,000 changes, one by one
        cursor.execute("TRUNCATE django_celery_beat_periodictask")
    PeriodicTask.objects.bulk_create(
        (
            PeriodicTask(
                name=f"task {number}",
                task="execute",
                args=f"[{number}]",
                interval=hourly,
                last_run_at=due_at - timedelta(hours=1),
            )
            for number in range(count)
        ),
        batch_size=1000,
    )
    PeriodicTasks.update_changed()


if __name__ == "__main__":
    fill(int(sys.argv[1]), datetime.fromtimestamp(float(sys.argv[2]), UTC))
