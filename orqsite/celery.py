"""The Celery application: `celery -A orqsite worker` and `celery -A orqsite beat`."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orqsite.settings")

app = Celery("orqsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["workers"])


@setup_logging.connect
def _keep_our_logs(**_: Any) -> None:
    """Celery sets up no logging of its own when somebody listens here: orqsite.logs did it already."""
