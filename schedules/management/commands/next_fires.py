"""`next_fires`: when an expression would fire, without a database: to try one before it is a schedule."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from schedules.editing import first_fire
from schedules.expressions import InvalidExpression, parse
from schedules.expressions.instants import rfc3339
from schedules.management.arguments import count
from schedules.models import ScheduleType


class Command(BaseCommand):
    """Print the next fire times of an expression."""

    help = "Print the next fire times of an expression in UTC, one per line, for a schedule created now."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("type", choices=ScheduleType.values)
        parser.add_argument("expression", help="in quotes, e.g. '0 0 9 * * mon-fri', '@every 6h'")
        parser.add_argument("-n", type=count, default=10, metavar="10", help="maximum number")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            fire_times = list(
                islice(_fire_times(options["type"], options["expression"], datetime.now(UTC)), options["n"])
            )
        except InvalidExpression as error:
            raise CommandError(str(error)) from None
        self.stdout.write("\n".join(map(rfc3339, fire_times)))


def _fire_times(type_: str, expression: str, now: datetime) -> Iterator[datetime]:
    """The fire times of a schedule made now; InvalidExpression where the service would refuse it."""
    fire_time: datetime | None = first_fire(type_, expression, now)
    cadence = parse(type_, expression).anchored_at(now)
    while fire_time is not None:
        yield fire_time
        fire_time = cadence.next_after(fire_time)
