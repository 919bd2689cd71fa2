"""The 1 hour rule: no cadence is denser than one fire time an hour."""

from datetime import timedelta
from typing import Final

from schedules.expressions.cadence import Cadence
from schedules.expressions.cron import Cron
from schedules.expressions.interval import Interval
from schedules.expressions.invalid_expression import CRON_EXAMPLE, INTERVAL_EXAMPLE, InvalidExpression

MINIMUM_CADENCE: Final = timedelta(hours=1)

_MINIMUM_NS: Final = MINIMUM_CADENCE // timedelta(microseconds=1) * 1000


def require_minimum_cadence(cadence: Cadence) -> None:
    """InvalidExpression unless the cadence leaves at least an hour between fire times.

    For cron that is exactly: one distinct second value and one distinct minute value. A once always passes.
    """
    if isinstance(cadence, Interval) and cadence.duration_ns < _MINIMUM_NS:
        raise InvalidExpression("the interval must be at least one hour", example=INTERVAL_EXAMPLE)
    if isinstance(cadence, Cron) and not _is_at_most_hourly(cadence):
        raise InvalidExpression(
            "fire times must be at least one hour apart: give exactly one second and one minute",
            example=CRON_EXAMPLE,
        )


def _is_at_most_hourly(cron: Cron) -> bool:
    return cron.second.bits.bit_count() == 1 and cron.minute.bits.bit_count() == 1
