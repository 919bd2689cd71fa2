"""Tests of the wiring: settings, health, logs, Celery."""
