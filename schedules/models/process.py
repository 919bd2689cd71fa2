"""ProcessRegistration: a beat or worker that runs, as it said itself a few seconds ago."""

import os
import socket
from datetime import datetime, timedelta
from typing import Final, Self

from django.db import models
from django.db.models.functions import Now

from schedules.database.ulids import new_ulid

FRESH: Final = timedelta(seconds=30)
"""A process that was not seen for longer stands still, or is gone."""


class ProcessKind(models.TextChoices):
    """What a registered process does."""

    BEAT = "beat"
    WORKER = "worker"


class ProcessRegistrationQuerySet(models.QuerySet["ProcessRegistration"]):
    """Registrations by whether their process is alive."""

    def alive(self, now: datetime) -> Self:
        """Seen a moment ago."""
        return self.filter(last_seen_at__gte=now - FRESH)

    def here(self, kind: ProcessKind) -> Self:
        """Of this kind, on this host."""
        return self.filter(kind=kind, host=socket.gethostname()[:255])


class ProcessRegistration(models.Model):
    """One process of one start. It writes its row every few seconds and deletes it when it ends in order."""

    id = models.CharField(primary_key=True, max_length=26, default=new_ulid, editable=False)
    kind = models.CharField(max_length=10, choices=ProcessKind.choices)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    version = models.CharField(max_length=40, blank=True, default="", db_default="")
    thread_count = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Calls a worker can have in flight"
    )
    in_flight_count = models.PositiveIntegerField(default=0, db_default=0)
    clock_offset = models.DurationField(
        default=timedelta(0),
        db_default=timedelta(0),
        help_text="How far its host's clock is ahead of the database's",
    )
    database_ahead = models.DurationField(
        default=timedelta(0),
        db_default=timedelta(0),
        help_text="How far the database's clock has leapt ahead of the time that this process goes by",
    )
    started_at = models.DateTimeField(db_default=Now())
    last_seen_at = models.DateTimeField(
        db_default=Now(),
        help_text="When its slowest loop last went round: a beat's tick, a worker's consumer. By the database's "
        "clock, whatever that shows",
    )

    objects = ProcessRegistrationQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "host", "pid"]

    def __str__(self) -> str:
        return f"{self.kind} {self.host}:{self.pid}"

    def is_alive(self, now: datetime) -> bool:
        """Seen a moment ago."""
        return self.last_seen_at >= now - FRESH


def this_process(kind: ProcessKind, version: str, thread_count: int = 0) -> ProcessRegistration:
    """The registration of the process we run in, not yet stored."""
    host = socket.gethostname()[:255]
    return ProcessRegistration(
        kind=kind, host=host, pid=os.getpid(), version=version[:40], thread_count=thread_count
    )
