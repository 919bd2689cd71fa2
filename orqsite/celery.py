"""The Celery application: `celery -A orqsite worker` and `celery -A orqsite beat`."""

import os
import resource
from typing import Any, Final

import structlog
from celery.signals import setup_logging, worker_init, worker_ready, worker_shutting_down
from django.conf import settings

from orqsite import starting
from orqsite.broker import celery_settings
from orqsite.logs import write_at_once
from workers.broker import redis_transport
from workers.broker.plain_text_lines import QuietCelery, say_lines

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orqsite.settings")
redis_transport.use_for_redis_urls()

log = structlog.get_logger(__name__)

OWN_DESCRIPTORS: Final = 60
"""Of a worker without any call: its broker, its files, what libraries open for a moment."""

app = QuietCelery("orqsite")
app.is_quiet = lambda: settings.ORQ.log_format == "json"
app.add_defaults(lambda: celery_settings(settings.ORQ))
app.autodiscover_tasks(["workers"])


@setup_logging.connect
def _keep_our_logs(**_: Any) -> None:
    """Celery sets up no logging of its own when somebody listens here: orqsite.logs did it already."""


@worker_init.connect
def _begin(**_: Any) -> None:
    if app.is_quiet():
        say_lines(write_at_once)
    starting.begin()
    from workers.delivering import sender as alerts  # models, as below

    alerts.begin()


@worker_ready.connect
def _register(sender: Any, **_: Any) -> None:
    from workers import alerting, registration, ringer  # models: they are there once Django is set up

    registration.register_worker(sender)
    ringer.begin()
    alerting.stand_in()


@worker_shutting_down.connect
def _wait_for_calls(**_: Any) -> None:
    from workers import registration
    from workers.delivering import sender as alerts
    from workers.stopping import stop

    stop.begin(settings.ORQ.worker_stop_seconds)
    registration.worker_ends()
    alerts.end()


@worker_init.connect
def _allow_many_sockets(**_: Any) -> None:
    """Each agent call in flight holds a socket; the usual soft limit of 1,024 is less than a worker can hold."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    _warn_of_few(soft)


def _warn_of_few(descriptor_count: int) -> None:
    """A call holds a descriptor, and so does a database connection."""
    thread_count, pool_size = settings.ORQ.worker_threads, settings.ORQ.database_pool_size
    needed = thread_count + pool_size + OWN_DESCRIPTORS
    if descriptor_count != resource.RLIM_INFINITY and descriptor_count < needed:
        log.warning("worker.too_few_descriptors", limit=descriptor_count, needed=needed, threads=thread_count)
