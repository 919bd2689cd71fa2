"""From a schedule's type and expression to its cadence, by the grammar alone."""

from collections.abc import Callable
from typing import Final

from schedules.expressions.cadence import Cadence
from schedules.expressions.cron import parse_cron
from schedules.expressions.descriptors import DESCRIPTORS
from schedules.expressions.interval import parse_interval
from schedules.expressions.invalid_expression import (
    CRON_EXAMPLE,
    INTERVAL_EXAMPLE,
    ONCE_EXAMPLE,
    InvalidExpression,
    quoted,
)
from schedules.expressions.once import parse_once

# Bounds the work of every parser, and keeps numbers below the digits that int() accepts.
MAX_LENGTH: Final = 1000


def parse_strictly(type: str, text: str) -> Cadence:  # noqa: A002 (the name of the field in the API)
    """`parse` without a word on what was probably meant: what is refused is taken for nothing else."""
    # The values come from JSON as they are: they may be of any type, also an unhashable one.
    if not isinstance(type, str) or type not in _PARSERS:
        raise InvalidExpression("must be cron, interval or once", field="type", example="cron")
    parser, example = _PARSERS[type]
    _require_text(text, example)
    form = type_by_form(text)
    if form not in {type, None}:
        raise InvalidExpression(f"{quoted(text)} is of type {form}, not {type}", example=example)
    return parser(text)


def _require_text(text: str, example: str) -> None:
    if not isinstance(text, str):
        raise InvalidExpression("must be a string", example=example)
    if len(text) > MAX_LENGTH:
        raise InvalidExpression(
            f"is {len(text)} characters long; at most {MAX_LENGTH} are allowed", example=example
        )


def type_by_form(text: str) -> str | None:
    """The type whose expressions look like this one; None if it looks like none of them."""
    first_word, *others = text.split(" ")
    if "(" in first_word:  # of EventBridge: cron(…), rate(…), at(…)
        return None
    if first_word in {"@every", "@at"}:
        return "interval" if first_word == "@every" else "once"
    is_cron = text in DESCRIPTORS or (others and not text.startswith("@"))
    return "cron" if is_cron else None


def _parse_cron_or_descriptor(text: str) -> Cadence:
    if text.startswith("@") and text not in DESCRIPTORS:
        descriptors = ", ".join(DESCRIPTORS)
        raise InvalidExpression(f"{quoted(text)} is not one of {descriptors}", example=CRON_EXAMPLE)
    return parse_cron(DESCRIPTORS.get(text, text))


_PARSERS: Final[dict[str, tuple[Callable[[str], Cadence], str]]] = {
    "cron": (_parse_cron_or_descriptor, CRON_EXAMPLE),
    "interval": (parse_interval, INTERVAL_EXAMPLE),
    "once": (parse_once, ONCE_EXAMPLE),
}
