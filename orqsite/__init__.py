"""Wiring of the site: settings, Celery, URLs, health, logs. No rule of the domain lives here."""

from workers.broker import metrics_sdk_import

metrics_sdk_import.keep_out()  # before anything imports redis

from orqsite.celery import app as celery_app  # noqa: E402

__all__ = ["celery_app"]
