"""InvalidExpression: why an expression is refused, and what a valid one looks like."""

from typing import Final, Literal

CRON_EXAMPLE: Final = "0 0 9 * * mon-fri"
INTERVAL_EXAMPLE: Final = "@every 6h"
ONCE_EXAMPLE: Final = "@at 2099-05-01T09:00:00Z"

_SHOWN_CHARACTERS = 40


class InvalidExpression(ValueError):
    """The expression, or its type, is refused; the message names the field and shows a valid example."""

    def __init__(
        self,
        problem: str,
        *,
        example: str,
        field: Literal["expression", "type"] = "expression",
        suggestion: str | None = None,
    ) -> None:
        """`problem`: what is wrong, as a clause; `example`: a valid value of `field`.

        `suggestion`: the valid expression that was probably meant.
        """
        end = "." if suggestion is None else f"; did you mean {suggestion}?"
        super().__init__(f"{field}: {problem}{end} Valid example: {example}")
        self.problem = problem
        self.field = field
        self.example = example
        self.suggestion = suggestion


def quoted(text: str) -> str:
    """A client's text as it may stand in a message: short, in quotes, odd characters escaped."""
    if len(text) > _SHOWN_CHARACTERS:
        return repr(text[:_SHOWN_CHARACTERS] + "…")
    return repr(text)
