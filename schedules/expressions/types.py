"""The type of schedule that an expression belongs to: people write the expression, and the type follows."""

from typing import Final

from schedules.expressions.mending import mended
from schedules.expressions.parsing import type_by_form

_BEYOND_CRON: Final = ("interval", "once")


def type_of(text: str) -> str:
    """cron, interval or once: by the form of the expression, or by what it can be mended to; cron for all else."""
    one_line = " ".join(text.split())
    form = type_by_form(one_line)
    if form in _BEYOND_CRON:
        return form
    return next((type_ for type_ in _BEYOND_CRON if mended(type_, one_line) is not None), "cron")
