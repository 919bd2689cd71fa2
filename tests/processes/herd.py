"""Processes of the herd test: `make COUNT SECONDS` a herd that comes due at one second, and `fire` as a beat does.

Run as `python -m tests.processes.herd …`, with the service's environment.
"""

import os
import sys
import time
from datetime import datetime, timedelta

import django
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model


def make(count: int, due_in: timedelta) -> datetime:
    """So many once schedules of one echo agent, due at one second, as `editing.create` makes them; that instant."""
    from schedules.database.clock import database_now
    from tests.factories import make_agent, make_schedule

    due_at = (database_now() + due_in).replace(microsecond=0)
    expression = f"@at {due_at:%Y-%m-%dT%H:%M:%SZ}"
    with transaction.atomic():
        first = make_schedule(make_agent(key="herd"), database_now(), type="once", expression=expression)
        _copy(first, "id", count - 1)
        _copy(first.epochs.get(), "schedule_id", count - 1)
        _copy(first.next_fire, "schedule_id", count - 1)
    if database_now() >= due_at:
        raise SystemExit("The herd was due before it was there.")
    return due_at


def _copy(row: Model, numbered: str, count: int) -> None:
    """So many copies of the row, in one statement; the column `numbered` ends with their number."""
    table, key = row._meta.db_table, row._meta.pk
    names = [field.column for field in row._meta.concrete_fields if field.column != numbered]
    if key is not None and key.column in names:
        names.remove(key.column)  # the database counts it
    columns = ", ".join(f'"{name}"' for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({numbered}, {columns})"  # noqa: S608 - names of our own tables
            f" SELECT left({numbered}, 20) || to_char(number, 'FM000000'), {columns}"
            f" FROM {table}, generate_series(1, %s) AS number",
            [count],
        )


def fire_for_ever() -> None:
    """What a beat's tick does, without its pauses."""
    from schedules.database.clock import database_now
    from schedules.messages import dispatch
    from schedules.runs.recovering import recover
    from tests.firing import fire

    fire(database_now(), settings.ORQ.fire_batch)
    print("ready", flush=True)
    while True:
        if not fire(database_now(), settings.ORQ.fire_batch, dispatch.queue_room() or 0):
            recover(database_now())
            time.sleep(0.02)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orqsite.settings")
    django.setup()
    match sys.argv[1:]:
        case ["make", count, seconds]:
            print(make(int(count), timedelta(seconds=float(seconds))).isoformat())
        case ["fire"]:
            fire_for_ever()
