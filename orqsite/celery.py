"""The Celery application: `celery -A orqsite worker` and `celery -A orqsite beat`."""

import os
import resource
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_init

from workers.broker import redis_transport

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orqsite.settings")
redis_transport.use_for_redis_urls()

app = Celery("orqsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["workers"])


@setup_logging.connect
def _keep_our_logs(**_: Any) -> None:
    """Celery sets up no logging of its own when somebody listens here: orqsite.logs did it already."""


@worker_init.connect
def _allow_many_sockets(**_: Any) -> None:
    """Each agent call in flight holds a socket; the usual soft limit of 1,024 is less than a worker can hold."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
