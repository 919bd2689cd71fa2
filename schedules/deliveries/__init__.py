"""Endpoints, and the messages on their way to them: sent at least once, retried for three days, then kept aside."""

from schedules.deliveries.retention import prune

__all__ = ["prune"]
