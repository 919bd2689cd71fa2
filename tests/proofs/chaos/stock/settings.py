"""Django's settings of the stock site."""

import os
from typing import Any

import dj_database_url

SECRET_KEY = "nothing is signed here"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "tests.proofs.chaos.stock.urls"
INSTALLED_APPS = ["django_celery_beat", "tests.proofs.chaos.stock"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
DATABASES: dict[str, Any] = {"default": {**dj_database_url.parse(os.environ["DATABASE_URL"])}}

CELERY_BROKER_URL = os.environ["REDIS_URL"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_TIMEZONE = "UTC"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_CONCURRENCY = int(os.environ["STOCK_WORKER_THREADS"])
