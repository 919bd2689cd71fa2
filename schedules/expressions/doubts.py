"""What is accepted although something else was probably meant: each doubt is a warning.

They are for readers of crontab, EventBridge and Quartz, and few: a warning on what was meant is read once only.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from schedules.expressions import foreign
from schedules.expressions.admission import admit
from schedules.expressions.descriptors import DESCRIPTORS
from schedules.expressions.fields import BOUNDS, DAY, WEEKDAY, Bounds, parse_field
from schedules.expressions.invalid_expression import InvalidExpression, quoted
from schedules.expressions.words import describe


class WarningCode(StrEnum):
    """Names a warning for programs."""

    FOREIGN_FIELDS = "foreign_fields"
    WEEKDAY_NUMBERS = "weekday_numbers"
    EITHER_DAY = "either_day"
    STEP_BEYOND_FIELD = "step_beyond_field"


@dataclass(frozen=True, slots=True)
class ExpressionWarning:
    """`suggestion`: the expression that was probably meant, where ours can say it; it is accepted."""

    code: WarningCode
    message: str
    suggestion: str | None = None


def warnings_of(type_: str, text: str) -> list[ExpressionWarning]:
    """What somebody should look at twice in an expression that is accepted; usually nothing."""
    if type_ != "cron" or text in DESCRIPTORS or _accepted(text) is None:
        return []
    fields = text.split()
    if foreign.is_of_eventbridge(fields):
        return [_foreign_fields(text, fields)]
    return [warning for doubt in _DOUBTS for warning in doubt(text, fields)]


def _foreign_fields(text: str, fields: Sequence[str]) -> ExpressionWarning:
    return ExpressionWarning(
        WarningCode.FOREIGN_FIELDS,
        "`?` as hour or month is how EventBridge and Quartz leave a day open, with the fields minute, hour, day of "
        f"month, month, day of week, year. Here the fields begin with the second: this means {_words(text)}",
        _accepted(foreign.from_eventbridge(fields)),
    )


def _weekday_numbers(text: str, fields: Sequence[str]) -> Iterator[ExpressionWarning]:
    weekday = fields[5]
    if fields[foreign.DAY_PLACE] != "?" or not any(map(str.isdigit, weekday)):
        return
    suggestion = _accepted(foreign.from_quartz(fields))
    if suggestion is not None and describe(admit("cron", suggestion)) != _words(text):
        yield ExpressionWarning(
            WarningCode.WEEKDAY_NUMBERS,
            "`?` as day of month is how Quartz and EventBridge write it, where 1 is Sunday. Here 0 is Sunday: this "
            f"means {_words(text)}. Names (`mon`) mean the same everywhere",
            suggestion,
        )


def _either_day(text: str, fields: Sequence[str]) -> Iterator[ExpressionWarning]:
    day, weekday = parse_field(fields[3], DAY), parse_field(fields[5], WEEKDAY)
    if day.has_star or weekday.has_star:
        return
    yield ExpressionWarning(
        WarningCode.EITHER_DAY,
        "Day of month and day of week are both restricted, and it is enough that one of them matches (`*/2` and "
        f"`1-31` are no stars): this means {_words(text)}",
        _with_stars(fields, {3: day.bits == DAY.all_bits, 5: weekday.bits == WEEKDAY.all_bits}),
    )


def _with_stars(fields: Sequence[str], is_open: Mapping[int, bool]) -> str | None:
    """With a star for a field that lets every day pass, so that the other one counts."""
    if not any(is_open.values()):
        return None
    return " ".join("*" if is_open.get(place) else field for place, field in enumerate(fields))


def _step_beyond_field(text: str, fields: Sequence[str]) -> Iterator[ExpressionWarning]:
    for field, bounds in zip(fields, BOUNDS, strict=True):
        too_long = next((item for item in field.split(",") if _is_step_beyond(item, bounds)), None)
        if too_long is not None:
            yield ExpressionWarning(
                WarningCode.STEP_BEYOND_FIELD,
                f"The step of {quoted(too_long)} is longer than the {bounds.name} field, and steps begin anew with "
                f"each round of the field: this means {_words(text)}. Longer steps are intervals: `@every 48h`",
            )


def _is_step_beyond(item: str, bounds: Bounds) -> bool:
    """A step as long as the field is another way to say "once a round", and meant so."""
    span, _, step = item.partition("/")
    return span in ("*", "?") and step != "" and int(step) > bounds.highest - bounds.lowest + 1


def _words(text: str) -> str:
    return describe(admit("cron", text))


def _accepted(text: str | None) -> str | None:
    try:
        return text if text is not None and admit("cron", text) else None
    except InvalidExpression:
        return None


_DOUBTS: Final[tuple[Callable[[str, Sequence[str]], Iterator[ExpressionWarning]], ...]] = (
    _weekday_numbers,
    _either_day,
    _step_beyond_field,
)
