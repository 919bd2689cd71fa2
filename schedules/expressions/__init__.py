"""Expressions and their cadences: pure, standard library only; time is always an argument.

`parse` reads an expression, `admit` also asks whether a schedule may have it; the cadence answers when it fires,
`describe` says it in words.
"""

from schedules.expressions.admission import admit, parse
from schedules.expressions.cadence import Cadence, OverdueSpan
from schedules.expressions.cron import Cron
from schedules.expressions.descriptors import DESCRIPTORS
from schedules.expressions.doubts import ExpressionWarning, WarningCode, warnings_of
from schedules.expressions.interval import Interval
from schedules.expressions.invalid_expression import InvalidExpression
from schedules.expressions.minimum import MINIMUM_CADENCE, require_minimum_cadence
from schedules.expressions.once import Once
from schedules.expressions.parsing import MAX_LENGTH
from schedules.expressions.types import type_of
from schedules.expressions.words import describe

__all__ = [
    "DESCRIPTORS",
    "MAX_LENGTH",
    "MINIMUM_CADENCE",
    "Cadence",
    "Cron",
    "ExpressionWarning",
    "Interval",
    "InvalidExpression",
    "Once",
    "OverdueSpan",
    "WarningCode",
    "admit",
    "describe",
    "parse",
    "require_minimum_cadence",
    "type_of",
    "warnings_of",
]
