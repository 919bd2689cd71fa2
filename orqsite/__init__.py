"""Wiring of the site: settings, Celery, URLs, health, logs. No rule of the domain lives here."""

from orqsite.celery import app as celery_app

__all__ = ["celery_app"]
