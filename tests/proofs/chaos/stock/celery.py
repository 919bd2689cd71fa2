"""The Celery application of the stock site: `celery -A tests.proofs.chaos.stock.celery worker`, `… beat`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.proofs.chaos.stock.settings")

app = Celery("stock")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["tests.proofs.chaos.stock"])
