"""`healthy beat|worker`: whether this host's beat or worker goes on; the exit code is for probes.

It asks the database, to which each says every few seconds when its loops last went round. A database that does not
answer says nothing against a process: an orchestrator that restarted all of them would make an outage worse.
"""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from schedules.database.clock import database_now
from schedules.management.database_errors import lacks_tables
from schedules.models import ProcessKind, ProcessRegistration


class Command(BaseCommand):
    """Ask after one process."""

    help = "Exit code 0 while a beat or worker of this host was seen within the last 30 s; for probes."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=ProcessKind.values, help="which of the two")
        parser.add_argument(
            "--pid", type=int, help="this process only, where one host has several, e.g. systemd's $MAINPID"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = _newest(ProcessKind(options["kind"]), options["pid"])
            now = database_now()
        except Error as error:
            if lacks_tables(error):
                raise CommandError(
                    "The database's tables are missing: run `python3 manage.py migrate`."
                ) from None
            self.stdout.write(f"The database does not answer ({type(error).__name__}): nothing can be said.")
            return
        if found is None:
            raise CommandError(f"No {options['kind']} of this host ({os.uname().nodename}) is registered.")
        age = (now - found.last_seen_at).total_seconds()
        if not found.is_alive(now):
            raise CommandError(f"{found} was last seen {age:.0f} s ago.")
        self.stdout.write(f"{found} was seen {max(age, 0):.0f} s ago.")


def _newest(kind: ProcessKind, pid: int | None) -> ProcessRegistration | None:
    here = ProcessRegistration.objects.here(kind)
    if pid is not None:
        here = here.filter(pid=pid)
    return here.order_by("-last_seen_at").first()
