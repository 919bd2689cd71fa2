"""Which expressions a schedule may have; a refusal says what was probably meant."""

from collections.abc import Callable
from typing import Any

from schedules.expressions.cadence import Cadence
from schedules.expressions.invalid_expression import InvalidExpression
from schedules.expressions.mending import hint, mended
from schedules.expressions.minimum import require_minimum_cadence
from schedules.expressions.parsing import parse_strictly


def parse(type: str, text: str) -> Cadence:  # noqa: A002 (the name of the field in the API)
    """The cadence of an expression; InvalidExpression if type, form or grammar is not as documented.

    `type`: cron, interval or once. Whether it will ever fire again and how often are the caller's questions:
    see `Cadence.next_after` and `require_minimum_cadence`.
    """
    return _or_mend(parse_strictly, type, text)


def admit(type: str, text: str) -> Cadence:  # noqa: A002
    """The cadence of an expression that leaves an hour between fire times, too; InvalidExpression."""
    return _or_mend(_admit, type, text)


def _admit(type_: str, text: str) -> Cadence:
    cadence = parse_strictly(type_, text)
    require_minimum_cadence(cadence)
    return cadence


def _or_mend(read: Callable[[str, str], Cadence], type_: Any, text: Any) -> Cadence:
    try:
        return read(type_, text)
    except InvalidExpression as refusal:
        if refusal.field != "expression" or not isinstance(text, str):
            raise
        explained = "; ".join(filter(None, (refusal.problem, hint(type_, text))))
        suggestion = mended(type_, text)
        raise InvalidExpression(explained, example=refusal.example, suggestion=suggestion) from None
