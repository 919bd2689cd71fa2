"""A plain Celery worker, as its documentation sets it up: tasks that call an agent, and one that keeps the answer.

Run as a module it makes the table: `python worker_project.py`.
"""

import os
import threading
from urllib.parse import urlsplit

import django
import httpx2
import requests
from celery import Celery
from django.conf import settings

_database = urlsplit(os.environ["DATABASE_URL"])
settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes"],
    USE_TZ=True,
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

from django.db import connection, models  # noqa: E402 - needs the settings

app = Celery("worker", broker=os.environ["REDIS_URL"])
app.conf.task_ignore_result = True
app.conf.worker_prefetch_multiplier = 1

BODY = {"model": "agent/bench", "input": "Summarise the news"}
PATH = "/v3/router/responses"
_client = httpx2.Client(timeout=60, limits=httpx2.Limits(max_connections=None), trust_env=False)
_of_thread = threading.local()


class Answer(models.Model):
    """What an agent said."""

    document = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "worker"

    def __str__(self) -> str:
        return str(self.document["id"])


@app.task(name="call_httpx")
def call_httpx(url: str) -> None:
    """A call with one client of httpx for the process."""
    _client.post(url + PATH, json=BODY).raise_for_status().json()


@app.task(name="call_requests")
def call_requests(url: str) -> None:
    """A call with a session of requests for each thread."""
    if not hasattr(_of_thread, "session"):
        _of_thread.session = requests.Session()
        _of_thread.session.trust_env = False
    answer = _of_thread.session.post(url + PATH, json=BODY, timeout=60)
    answer.raise_for_status()
    answer.json()


@app.task(name="call_and_save")
def call_and_save(url: str) -> None:
    """A call whose answer becomes one row; the thread keeps its database connection."""
    answer = _client.post(url + PATH, json=BODY).raise_for_status()
    Answer.objects.create(document=answer.json())


if __name__ == "__main__":
    with connection.schema_editor() as editor:
        editor.create_model(Answer)
