"""Fill `{{name}}` in texts with the values of variables.

One pass over the text: a value is inserted as text and never looked at again, so a value cannot smuggle in
another variable. A name nobody gave a value stays as it is written. There are no expressions, no filters and
no attributes; work and memory are linear in what is written and bounded by `max_chars`.
"""

import json
import re
from typing import Any

MAX_CHARS = 1_000_000
"""Characters one rendering may produce, in all its strings together."""

# A brace ends the match, so a scan never looks at a character twice and cannot backtrack.
PLACEHOLDER = re.compile(r"\{\{([^{}]+)\}\}")


class RenderingTooLarge(ValueError):
    """The variables would blow the text up beyond the limit."""


def render(text: str, variables: dict[str, Any], max_chars: int = MAX_CHARS) -> str:
    """`text` with every known `{{name}}` (blanks around the name allowed) replaced by the variable's value.

    Strings go in as they are, anything else as JSON. Raises `RenderingTooLarge`.
    """
    return _Rendering(variables, max_chars).text(text)


def render_items(value: Any, variables: dict[str, Any], max_chars: int = MAX_CHARS) -> Any:
    """A copy of a JSON value with every string in it rendered; keys stay. Raises `RenderingTooLarge`."""
    return _Rendering(variables, max_chars).value(value)


class _Rendering:
    """One rendering; `room` is shared by all strings of an input, else many small ones would add up."""

    def __init__(self, variables: dict[str, Any], max_chars: int) -> None:
        self.variables = variables
        self.room = max_chars

    def value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {key: self.value(item) for key, item in value.items()}
        return value

    def text(self, text: str) -> str:
        if "{{" not in text:
            return self._fit(text)
        pieces, end = [], 0
        for found in PLACEHOLDER.finditer(text):
            pieces.append(self._fit(text[end : found.start()]))
            pieces.append(self._fit(self._filled(found)))
            end = found.end()
        pieces.append(self._fit(text[end:]))
        return "".join(pieces)

    def _filled(self, found: re.Match[str]) -> str:
        name = found[1].strip()
        if name not in self.variables:
            return found[0]
        value = self.variables[name]
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    def _fit(self, piece: str) -> str:
        self.room -= len(piece)
        if self.room < 0:
            raise RenderingTooLarge("the rendered input is too large")
        return piece
