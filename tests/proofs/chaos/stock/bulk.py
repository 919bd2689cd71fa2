"""A program: make many schedules of the stock site; reads them as a JSON list from standard input."""

import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

import django


def main() -> None:
    """Make them, tell beat once, and print the seconds it took."""
    django.setup()
    from django_celery_beat.models import PeriodicTask, PeriodicTasks

    instructions = json.load(sys.stdin)
    began_at = time.monotonic()
    PeriodicTask.objects.bulk_create(PeriodicTask(**_fields(planned)) for planned in instructions)
    PeriodicTasks.update_changed()
    print(time.monotonic() - began_at)


def _fields(planned: dict[str, Any]) -> dict[str, Any]:
    from tests.proofs.chaos.stock.cadences import cadence_fields, task_fields

    cadence = cadence_fields(planned["type"], planned["expression"], _began_at(planned))
    return task_fields(planned["agent"], planned["subject"]) | cadence


def _began_at(planned: dict[str, Any]) -> datetime:
    """What the cadence counts from: before its instant, however long it takes to make them all."""
    if planned["began_at"] is not None:
        return datetime.fromtimestamp(planned["began_at"], UTC)
    now = time.time()
    return datetime.fromtimestamp(min(now, (planned["due_at"] or now) - 1), UTC)


if __name__ == "__main__":
    main()
